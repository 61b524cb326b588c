# intentc and what it needs to run, for CI and as a sidecar of Argo CD:
#
#   docker build --build-arg PYTHON=python:3.12-slim@sha256:... --tag intentc .
#
# Name the digest of an image that was reviewed: a tag may be another image tomorrow.
ARG PYTHON=python:3.12-slim

FROM ${PYTHON} AS build
COPY . /src
RUN /src/integrations/install.sh /opt/intentc

FROM ${PYTHON}
COPY --from=build /opt/intentc /opt/intentc
ENV PATH=/opt/intentc/bin:/usr/local/bin:/usr/bin:/bin
USER 999:999
WORKDIR /work
ENTRYPOINT ["intentc"]
CMD ["--help"]
