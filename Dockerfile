# The binary is all there is in the image: no shell, no package manager, nothing to write to but /data.
FROM rust:1-bookworm AS build
WORKDIR /source
COPY . .
RUN deploy/build.sh /out/annex && install -d -o 65532 -g 65532 /out/data

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /out/annex /usr/local/bin/annex
COPY --from=build --chown=65532:65532 /out/data /data
ENV ANNEX_LISTEN=0.0.0.0:8080 ANNEX_DATABASE_URL=sqlite:///data/annex.db
USER 65532:65532
WORKDIR /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["/usr/local/bin/annex", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/annex"]
CMD ["serve"]
