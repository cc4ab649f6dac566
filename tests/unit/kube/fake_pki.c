/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "base/mem.h"
#include "fake_server.h"

#define DAY_S (24L * 3600)

struct party {
    EVP_PKEY *key;
    X509 *cert;
};

static void must(int ok)
{
    if (ok <= 0) {
        abort();
    }
}

static void add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    must(extension != NULL && X509_add_ext(cert, extension, -1));
    X509_EXTENSION_free(extension);
}

/* Signed by the issuer, or by itself. */
static struct party party_make(const char *name, const struct party *issuer, const char *alt_names)
{
    static long serial = 0;
    struct party party = {.key = EVP_EC_gen("P-256"), .cert = X509_new()};
    must(party.key != NULL && party.cert != NULL);
    const struct party *signer = issuer == NULL ? &party : issuer;
    X509_NAME *subject = X509_get_subject_name(party.cert);
    must(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1,
                                    -1, 0));
    must(X509_set_version(party.cert, 2));
    must(ASN1_INTEGER_set(X509_get_serialNumber(party.cert), ++serial));
    must(X509_gmtime_adj(X509_getm_notBefore(party.cert), -DAY_S) != NULL);
    must(X509_gmtime_adj(X509_getm_notAfter(party.cert), DAY_S) != NULL);
    must(X509_set_issuer_name(party.cert, X509_get_subject_name(signer->cert)));
    must(X509_set_pubkey(party.cert, party.key));
    if (issuer == NULL) {
        add_extension(party.cert, signer->cert, NID_basic_constraints, "critical,CA:TRUE");
    }
    if (alt_names != NULL) {
        add_extension(party.cert, signer->cert, NID_subject_alt_name, alt_names);
    }
    must(X509_sign(party.cert, signer->key, EVP_sha256()));
    return party;
}

static char *text_of(BIO *bio)
{
    char *data = NULL;
    long len = BIO_get_mem_data(bio, &data);
    char *text = xstrndup(data, (size_t)len);
    BIO_free(bio);
    return text;
}

static char *cert_text(const struct party *party)
{
    BIO *bio = BIO_new(BIO_s_mem());
    must(PEM_write_bio_X509(bio, party->cert));
    return text_of(bio);
}

static char *key_text(const struct party *party)
{
    BIO *bio = BIO_new(BIO_s_mem());
    must(PEM_write_bio_PrivateKey(bio, party->key, NULL, NULL, 0, NULL, NULL));
    return text_of(bio);
}

static void party_fini(struct party *party)
{
    EVP_PKEY_free(party->key);
    X509_free(party->cert);
}

void fake_pki_make(struct fake_pki *ret_pki)
{
    struct party ca = party_make("test-ca", NULL, NULL);
    struct party other = party_make("other-ca", NULL, NULL);
    struct party server = party_make("server", &ca, "IP:127.0.0.1,DNS:" FAKE_SERVER_NAME);
    ret_pki->ca = cert_text(&ca);
    ret_pki->other_ca = cert_text(&other);
    ret_pki->server_cert = cert_text(&server);
    ret_pki->server_key = key_text(&server);
    for (int i = 0; i < 2; i++) {
        struct party client = party_make(i == 0 ? "client-0" : "client-1", &ca, NULL);
        ret_pki->client_cert[i] = cert_text(&client);
        ret_pki->client_key[i] = key_text(&client);
        party_fini(&client);
    }
    party_fini(&server);
    party_fini(&other);
    party_fini(&ca);
}

void fake_pki_fini(struct fake_pki *pki)
{
    for (int i = 0; i < 2; i++) {
        free(pki->client_cert[i]);
        free(pki->client_key[i]);
    }
    free(pki->ca);
    free(pki->other_ca);
    free(pki->server_cert);
    free(pki->server_key);
}
