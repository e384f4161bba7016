# Understudy's site in one image. smplx (non-commercial licence) and the test tools are left out.
#   docker build -t understudy . && docker run -p 127.0.0.1:7860:7860 -v understudy:/data -e UNDERSTUDY_PASSWORD=... understudy
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    OMP_NUM_THREADS=1 \
    OPENBLAS_NUM_THREADS=1 \
    GRADIO_ANALYTICS_ENABLED=False \
    UNDERSTUDY_HOME=/data \
    UNDERSTUDY_HOST=0.0.0.0

# For side_by_side.mp4, which is drawn with EGL; versions follow the base image.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libegl1 libgl1 libgl1-mesa-dri libxrender1 \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY requirements.txt requirements-export.txt ./
COPY tools/install_torch.sh tools/
# First PyTorch without CUDA, which would be gigabytes; then it is there already for what follows.
RUN bash tools/install_torch.sh python \
    && pip install --disable-pip-version-check -r requirements.txt -r requirements-export.txt

COPY pyproject.toml README.md LICENSE NOTICE ./
COPY core core
COPY webapp webapp
COPY static static
COPY migrations migrations
# Installed in place: the site serves static/ and reads migrations/ from here.
RUN pip install --disable-pip-version-check --no-deps -e . \
    && useradd --create-home --uid 1000 understudy \
    && install -d -o understudy /data

USER 1000
VOLUME /data
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=40s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/healthz', timeout=4)"]
CMD ["understudy", "serve"]
