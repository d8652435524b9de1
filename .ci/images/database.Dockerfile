# A PostgreSQL for tests of docker-compose.yml where the official image cannot be pulled: Debian's, started the same way.
ARG BASE=debian:bookworm-slim
FROM ${BASE}
RUN apt-get update \
    && apt-get install -y --no-install-recommends postgresql \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
    && mkdir -p /var/lib/postgresql/data && chown postgres:postgres /var/lib/postgresql/data /run/postgresql
COPY .ci/images/database.sh /usr/local/bin/database
USER postgres
VOLUME /var/lib/postgresql/data
ENV PATH=/usr/lib/postgresql/15/bin:/usr/bin:/bin
CMD ["sh", "/usr/local/bin/database"]
