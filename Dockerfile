# The program in an image of its own: the binary, the libraries it is linked with, and the certificates
# of public authorities. No shell, no package manager, no root.
#
# The base image by its digest, which no later push can move (`docker buildx imagetools inspect` prints the newest), and
# from another registry where that is set.
ARG REGISTRY=docker.io/library
ARG RUST_DIGEST=@sha256:d7482085ff5b415f84dba5647ae71606650bdef00db7aeb69f4b3d170c3e4082
FROM ${REGISTRY}/rust:1.95-slim-bookworm${RUST_DIGEST} AS build
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
WORKDIR /build

# The dependencies first, with nothing of ours: a layer that stays while Cargo.lock does.
COPY Cargo.toml Cargo.lock ./
RUN mkdir -p src benches tests/it \
    && echo 'fn main() {}' | tee src/main.rs benches/load.rs benches/read.rs tests/it/main.rs >/dev/null \
    && touch src/lib.rs \
    && cargo build --profile dist --locked \
    && rm -r src

COPY config config
COPY migrations migrations
COPY templates templates
COPY assets assets
COPY src src
# Times of files decide what is built again, and those of the copy are older than the build above.
RUN touch src/main.rs src/lib.rs \
    && cargo build --profile dist --locked \
    && strip target/dist/weather

# What the binary needs, each at its own place: the loader and the libraries that it names.
RUN mkdir -p /image/etc/ssl/certs \
    && ldd target/dist/weather | grep -o '/[^ ]*' | xargs -I {} cp --parents --dereference {} /image \
    && cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ \
    && cp target/dist/weather /image/ \
    && install --directory --owner 65532 --group 65532 /image/vault /image/lake

FROM scratch
COPY --from=build /image /
# The folders of a volume's first mount: what is copied with an owner keeps it, and a new volume takes it.
COPY --from=build --chown=65532:65532 /image/vault /vault
COPY --from=build --chown=65532:65532 /image/lake /lake
COPY config/sites_sample.json /config/
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
# Each arena of the C library keeps what a thread has given back, and there would be eight for each processor.
ENV MALLOC_ARENA_MAX=1
# What is large is given back to the system at once; by default the C library raises these limits while it runs.
ENV MALLOC_MMAP_THRESHOLD_=131072 MALLOC_TRIM_THRESHOLD_=131072
USER 65532:65532
ENTRYPOINT ["/weather"]
CMD ["--help"]
