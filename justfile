# Run with `uv run --group dev just RECIPE`; the environment then has all that the recipes call.

on_every_core := "--numprocesses auto --maxprocesses 8 --dist loadfile --no-loadscope-reorder"
googleapis := `python -c "import google.api, pathlib; print(pathlib.Path(*google.api.__path__).parents[1])"`
protos := `find protos -name '*.proto' | sort | tr '\n' ' '`

# The whole gate: what CI runs, and all it runs
check: lint types arrows generated contracts readme wheel test

# Format, and mend what can be mended without asking
fmt:
    ruff check --fix-only --quiet .
    ruff format .

# Is the code formatted, and free of what ruff finds?
lint:
    ruff format --check .
    ruff check .

# Do the types agree?
types:
    mypy

# Do imports follow the arrows of the design?
arrows:
    lint-imports --no-cache

# Write the code that is generated from protos/
proto into="service":
    python -m grpc_tools.protoc -I protos -I {{googleapis}} --python_out={{into}} --grpc_python_out={{into}} \
        --mypy_out=quiet:{{into}} --mypy_grpc_out=quiet:{{into}} {{protos}}

# Write what Envoy must know of protos/ to speak JSON for us
envoy-descriptors into="deploy/envoy/boxwright.pb":
    python -m grpc_tools.protoc -I protos -I {{googleapis}} --include_imports \
        --descriptor_set_out={{into}} $(find protos/boxwright/v1 -name '*.proto' | sort) \
        google/rpc/error_details.proto

# Is the committed generated code what protos/ says?
generated:
    #!/usr/bin/env bash
    set -euo pipefail
    fresh=$(mktemp -d)
    trap 'rm -rf "$fresh"' EXIT
    just proto "$fresh"
    for folder in $(cd "$fresh" && find . -name '*_pb2.py' -printf '%h\n' | sort -u); do
        diff -r --exclude=__pycache__ "service/$folder" "$fresh/$folder" || {
            echo "service/${folder#./} is not what protos/ says. Run: just proto" >&2
            exit 1
        }
    done

# Are protos/ in order, and do they keep what callers were promised?
contracts:
    #!/usr/bin/env bash
    set -euo pipefail
    now=$(mktemp --suffix=.binpb)
    trap 'rm -f "$now"' EXIT
    python -m grpc_tools.protoc -I protos -I {{googleapis}} --include_imports --include_source_info \
        --descriptor_set_out="$now" {{protos}}
    buf format --diff --exit-code protos
    buf lint "$now" --config protos/buf.yaml
    buf breaking "$now" --against protos/released.binpb --config protos/buf.yaml

# Promise callers what protos/ say now: at a release, never to silence `just contracts`
promise:
    python -m grpc_tools.protoc -I protos -I {{googleapis}} --include_imports \
        --descriptor_set_out=protos/released.binpb {{protos}}

# Write the parts of the documentation that are generated
docs:
    cog -r README.md docs/commands.md

# Are the generated parts of the documentation up to date?
readme:
    cog --check --check-fail-msg="Run: just docs" README.md docs/commands.md

# Does the wheel hold our packages and nothing else?
wheel:
    #!/usr/bin/env bash
    set -euo pipefail
    fresh=$(mktemp -d)
    trap 'rm -rf "$fresh"' EXIT
    "${UV:-uv}" build --quiet --wheel --out-dir "$fresh"
    check-wheel-contents "$fresh"

# Run the tests that take seconds: all, or those that the arguments name
test *arguments:
    OMP_NUM_THREADS=1 pytest {{on_every_core}} {{arguments}}

# Run the tests that take minutes
test-slow *arguments:
    OMP_NUM_THREADS=1 pytest -m slow {{on_every_core}} {{arguments}}

# Run the tests of deploy/ that need programs of the group `deploy`, such as Envoy
test-deploy *arguments:
    OMP_NUM_THREADS=1 pytest -m deploy {{arguments}}

# Run the tests of images: podman builds them and runs them hardened
test-containers *arguments:
    OMP_NUM_THREADS=1 pytest -m container {{arguments}}

# Run the tests of Ray Serve on two nodes
test-cluster *arguments:
    OMP_NUM_THREADS=1 pytest -m cluster {{arguments}}

# Measure the server beside the same model in-process
bench *arguments:
    python -m tests.bench.serving {{arguments}}

# Measure other servers beside ours, each in an environment of its own
bench-peers *arguments:
    python -m tests.bench.peers {{arguments}}

# Measure what is still answered when far too much is asked
bench-overload *arguments:
    python -m tests.bench.overload {{arguments}}

# Measure Ray Serve with one node and with two beside a plain server, as root
bench-ray *arguments:
    GRPC_VERBOSITY=NONE python -m tests.bench.ray {{arguments}}

# Plan growth by simulation, and write its tables and pictures into docs/; --measure: a server first
growth *arguments:
    python -m tests.bench.growth {{arguments}}

# Load a server with all that it can be asked, for half an hour, and see that it stays as it is
soak *arguments:
    python -m tests.bench.soak {{arguments}}

# Measure the analysis of graphs, and DescribeModel beside other work
bench-geometry:
    python -m tests.bench.geometry
    python -m tests.bench.describing

# Measure proposal sources: recall against time, on the photos of COCO JSON files
bench-proposals *arguments:
    python -m tests.bench.proposals {{arguments}}

# Measure the three generations side by side, and write the table into the README
generations *arguments:
    python -m tests.bench.generations {{arguments}}

# Measure the papers' speed-ups on their backbone, and write the table into the README
papers *arguments:
    python -m tests.bench.papers {{arguments}}
