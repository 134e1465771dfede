# The dashboard with its compact networks and shipped results; `docs/hosting.md` says how it is run.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore

RUN useradd --uid 1000 --create-home visitor && mkdir /data && chown 1000:1000 /data

WORKDIR /app
COPY requirements.txt ./
COPY requirements-web.txt ./
# What answers strangers is installed by digest. What tests need stays out, and so does the project itself, which is not
# there yet.
RUN pip install -r requirements-web.txt --require-hashes --no-deps && sed '/^# Tests and tools/,$d' requirements.txt > /tmp/runtime.txt && pip install -r /tmp/runtime.txt
# Owned by root and read by an unprivileged user: the running server cannot change its own code.
COPY . ./
RUN pip install --no-deps -e .

USER 1000
ENV HOME=/home/visitor \
    HF_HOME=/data/hub \
    LAM_HOSTED=1 \
    LAM_STORE=/data/results \
    LAM_WEIGHTS=/data/weights \
    LAM_UPLOAD_PIXELS=8000000
VOLUME /data
EXPOSE 8501
# Server and store every minute, an attribution, which imports PyTorch, every hour.
HEALTHCHECK --interval=1m --timeout=90s --start-period=2m \
    CMD ["lam", "health", "--server", "http://127.0.0.1:8501", "--every", "3600"]
CMD ["lam", "dashboard", "--address", "0.0.0.0", "--port", "8501"]
