module interlude.dev/tests/oracle

go 1.22

require (
	github.com/Masterminds/semver/v3 v3.5.0
	github.com/distribution/reference v0.6.0
	github.com/robfig/cron/v3 v3.0.1
)

require github.com/opencontainers/go-digest v1.0.0 // indirect
