# Two images from one file: `--target platform` (web, ingest, gateway, worker, beat) and
# `--target vision`, which adds the packages of the vision worker. Both run as user 10001.
FROM python:3.11-slim-bookworm AS packages
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
RUN python -m venv /opt/venv
COPY requirements.lock ./
# Every file by its SHA-256; another one than was tested with is refused.
RUN sed '/^# --- vision/,$d' requirements.lock > base.lock \
    && /opt/venv/bin/pip install --require-hashes -r base.lock

FROM packages AS vision-packages
# An index that has PyTorch's build for processors. OpenCV with windows is left out: servers
# have no screen, and it would overwrite the one without.
ARG PIP_EXTRA_INDEX_URL
RUN sed '/^# --- tools/,$d; /^opencv-python==/d' requirements.lock > vision.lock \
    && /opt/venv/bin/pip install --no-deps --require-hashes -r vision.lock

FROM python:3.11-slim-bookworm AS base
# pango and harfbuzz lay out the PDF documents; the CJK font prints them.
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-cjk \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home --home-dir /app --shell /usr/sbin/nologin bozhou \
    && install -d -o bozhou -g bozhou /app /data /data/evidence /data/keys /data/media /data/run
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    EVIDENCE_URL=file:///data/evidence EVIDENCE_KEY_FILE=/data/keys/evidence.pem \
    MEDIA_ROOT=/data/media STATIC_ROOT=/app/var/static
WORKDIR /app

FROM base AS platform
COPY --from=packages /opt/venv /opt/venv
COPY --chown=root:root . .
# The values are for this one command only; a container is refused without its own.
RUN BOZHOU_STAGE=production ALLOWED_HOSTS=localhost \
    SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(48))')" \
    FIELD_KEYS="k:$(python -c 'import secrets; print(secrets.token_urlsafe(32))')" \
    DATABASE_URL=postgres://nobody@127.0.0.1:1/none REDIS_URL=redis://127.0.0.1:1/0 \
    python manage.py collectstatic --noinput -v 0
USER 10001
EXPOSE 8000 2120
CMD ["uvicorn", "bozhou_eco.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--lifespan", "off", "--proxy-headers", "--forwarded-allow-ips", "*"]

FROM platform AS vision
USER 0
COPY --from=vision-packages /opt/venv /opt/venv
USER 10001
CMD ["celery", "-A", "bozhou_eco", "worker", "-l", "INFO", "-Q", "vision", "--pool", "solo", "-I", "vehicles.vision.tasks"]
