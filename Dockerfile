# One image for every process; which one it is says the command: `web serve`, `web worker`, `assistant serve`, `actions`.
# The model is trained while the image is built, so that an image is content and code of one moment.
FROM python:3.11-slim-bookworm AS build

ENV PYTHONUNBUFFERED=1 UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never RASA_TELEMETRY_ENABLED=false
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /app
COPY pyproject.toml uv.lock .python-version ./
COPY compat compat
RUN uv sync --frozen --no-default-groups
COPY . .
RUN .venv/bin/python -m assistant train \
    && rm -rf .rasa var

FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 RASA_TELEMETRY_ENABLED=false ENVIRONMENT=production \
    PATH=/app/.venv/bin:$PATH HOME=/tmp MPLCONFIGDIR=/tmp/matplotlib \
    WEB_HOST=0.0.0.0 RASA_HOST=0.0.0.0 ACTIONS_HOST=0.0.0.0 METRICS_HOST=0.0.0.0 WIDGET_RELEASES=/data/widget
# For `web backup` and `web restore` with PostgreSQL.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends postgresql-client \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin smp \
    && install --directory --owner=smp --group=smp --mode=0700 /data
COPY --from=build /app /app
WORKDIR /app
USER 10001:10001
VOLUME ["/data"]
EXPOSE 8000 5005 5055
ENTRYPOINT ["python", "-m"]
CMD ["web", "serve"]
