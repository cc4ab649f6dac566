# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A root folder with Debian's alembic and python3-psycopg2 and what they need to run, from Debian's own
# packages. Nothing is installed on this machine: apt only fetches, dpkg-deb unpacks.

# What the two pull in. Left out: what only installs or documents (dpkg, perl, install-info, debconf), what
# Python's standard library can do without here (terminal, NIS, dbm, mail types).
ALEMBIC_PACKAGES=(
    alembic python3-alembic python3-mako python3-markupsafe python3-sqlalchemy python3-greenlet python3-psycopg2
    python3-importlib-metadata python3-importlib-resources python3-zipp python3-more-itertools
    python3-pkg-resources python3-typing-extensions
    python3.11-minimal libpython3.11-minimal libpython3.11-stdlib
    libc6 libgcc-s1 libstdc++6 zlib1g libexpat1 libbz2-1.0 liblzma5 libffi8 libuuid1 libcrypt1 libsqlite3-0 libzstd1
    libpq5 libssl3 libgssapi-krb5-2 libkrb5-3 libkrb5support0 libk5crypto3 libkeyutils1 libcom-err2
    libldap-2.5-0 libsasl2-2 libgnutls30 libhogweed6 libnettle8 libidn2-0 libunistring2 libtasn1-6 libp11-kit0
    libgmp10 libmd0
)

# debian_python_root ROOT PACKAGES: PACKAGES is a folder for what is fetched.
debian_python_root() {
    local root=$1 packages=$2 deb
    if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
        die 'the image alembic is made from Debian packages, and there is no apt-get here'
    fi
    mkdir -p "$root/usr/bin" "$root/usr/lib" "$root/usr/lib64" "$root/etc" "$root/tmp" "$packages"
    ln -s usr/bin "$root/bin"
    ln -s usr/lib "$root/lib"
    ln -s usr/lib64 "$root/lib64"
    # As its own user apt could not write to the folder.
    env -C "$packages" apt-get -qq -o APT::Sandbox::User=root download "${ALEMBIC_PACKAGES[@]}" >&2 ||
        die 'apt-get could not fetch the packages; is its list current (apt-get update)?'
    for deb in "$packages"/*.deb; do
        # A package may bring /lib as a folder where the root has a link: tar then follows the link.
        dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$root" --keep-directory-symlink --no-same-owner \
            --exclude='./usr/share/doc*' --exclude='./usr/share/man*' --exclude='./usr/share/locale*' \
            --exclude='./usr/lib/python3*/test*' --exclude='./usr/lib/x86_64-linux-gnu/gconv*'
    done
    ln -s python3.11 "$root/usr/bin/python3"
    printf 'nobody:x:65532:65532:nobody:/tmp:/usr/sbin/nologin\n' >"$root/etc/passwd"
}
