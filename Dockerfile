# One image for the web server, the workers and beat. docker-compose.yml has their commands.
FROM python:3.12-slim AS base
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PATH=/opt/venv/bin:$PATH
WORKDIR /app

FROM base AS packages
COPY requirements/production.txt .
RUN python -m venv /opt/venv && \
    pip install --no-cache-dir --require-hashes --only-binary=:all: -r production.txt

FROM base
# New volumes at these folders get their owner and their mode.
RUN useradd --system --no-create-home smrt && \
    install -d -m 0700 -o smrt /var/lib/smrt/exports /var/lib/smrt/imports
COPY --from=packages /opt/venv /opt/venv
COPY manage.py gunicorn.conf.py ./
COPY customers customers
COPY events events
COPY smrt_integration smrt_integration
# collectstatic needs these settings. They are not stored in the image.
RUN SECRET_KEY=build FIELD_KEYS=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \
    ALLOWED_HOSTS=build PUBLIC_URL=https://build \
    DATABASE_URL=postgres://build@build/build REDIS_URL=redis://build \
    python manage.py collectstatic --no-input && \
    python -m compileall -q customers events smrt_integration
USER smrt
EXPOSE 8000
CMD ["gunicorn", "smrt_integration.wsgi", "--bind", "0.0.0.0:8000"]
