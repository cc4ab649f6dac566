// The schema of Argo Rollouts, for ground/own_kind.py: nothing of theirs is built.
module interlude.dev/tests/argo

go 1.21

require github.com/argoproj/argo-rollouts v1.8.3
