# The sandbox alone: the contract suite's dependencies are not in the image. See docs/container.md.

FROM python:3.13-slim AS build
WORKDIR /src
RUN ["python", "-m", "venv", "/opt/qlara-sandbox"]
COPY pyproject.toml constraints.txt README.md LICENSE CHANGELOG.md openapi.yaml ./
COPY sandbox/ sandbox/
COPY contract_tests/ contract_tests/
COPY scenarios/ scenarios/
COPY overlays/ overlays/
COPY clients/ clients/
RUN ["/opt/qlara-sandbox/bin/python", "-m", "pip", "install", "--no-cache-dir", \
     "--disable-pip-version-check", "--constraint", "constraints.txt", ".[redis]"]

FROM python:3.13-slim
COPY --from=build /opt/qlara-sandbox /opt/qlara-sandbox
ENV PATH=/opt/qlara-sandbox/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    SANDBOX_PORT=8080
USER 65532:65532
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"SANDBOX_PORT\"]}/__health/ready', timeout=2)"]
ENTRYPOINT ["qlara-sandbox"]
CMD ["serve", "--host", "0.0.0.0"]
