# The program in an image of its own: the binary, the libraries it is linked with, and the certificates
# of public authorities. No shell, no package manager, no root.
FROM rust:1.95-slim-bookworm AS build
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
WORKDIR /build

# The dependencies first, with nothing of ours: a layer that stays while Cargo.lock does.
COPY Cargo.toml Cargo.lock ./
RUN mkdir -p src benches tests/it \
    && echo 'fn main() {}' | tee src/main.rs benches/load.rs benches/read.rs tests/it/main.rs >/dev/null \
    && touch src/lib.rs \
    && cargo build --release --locked \
    && rm -r src

COPY config config
COPY migrations migrations
COPY templates templates
COPY assets assets
COPY src src
# Times of files decide what is built again, and those of the copy are older than the build above.
RUN touch src/main.rs src/lib.rs \
    && cargo build --release --locked \
    && strip target/release/weather

# What the binary needs, each at its own place: the loader and the libraries that it names.
RUN mkdir -p /image/etc/ssl/certs \
    && ldd target/release/weather | grep -o '/[^ ]*' | xargs -I {} cp --parents --dereference {} /image \
    && cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ \
    && cp target/release/weather /image/

FROM scratch
COPY --from=build /image /
COPY config/sites_sample.json /config/
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
USER 65532:65532
ENTRYPOINT ["/weather"]
CMD ["--help"]
