# phew-graph and phew-train on Debian 12.
#
#   docker build -t phew-graph .                             phew-graph
#   docker build -t phew-train --target phew-train .         phew-train
#   docker run --rm -v "$PWD:/data" phew-graph describe lenet-300-100
FROM debian:bookworm AS build
COPY tools/setup tools/packages.txt /src/tools/
RUN /src/tools/setup build train && rm -rf /var/lib/apt/lists/*
COPY . /src
RUN meson setup /build /src -Dtrain=enabled \
 && ninja -C /build tools/phew-graph/phew-graph tools/phew-train/phew-train \
 && meson install -C /build --no-rebuild --quiet && rm -rf /build
WORKDIR /data

FROM build AS phew-train
ENTRYPOINT ["phew-train"]

FROM build AS phew-graph
ENTRYPOINT ["phew-graph"]
