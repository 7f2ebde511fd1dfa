# The web app in a container without a GPU; it starts with no download, as the networks are in the package.
#   docker build -t deepdream-av .                 # --build-arg IMAGENET_WEIGHTS=1: with VGG and Inception
#   docker run -p 7860:7860 deepdream-av           # then open http://127.0.0.1:7860
# Limits are environment variables: -e DEEPDREAM_AV_MAX_SECONDS=120 (see demo/limits.py).
FROM python:3.12-slim-bookworm

# the versions with which the tests pass; the package itself asks for lower bounds only
RUN pip install --no-cache-dir \
    tensorflow==2.21.0 \
    keras==3.15.1 \
    numpy==2.4.6 \
    scipy==1.17.1 \
    opencv-python-headless==5.0.0.93 \
    av==18.1.0 \
    pillow==12.3.0 \
    tqdm==4.70.1 \
    gradio==6.31.0

RUN useradd --create-home --uid 1000 user
USER user
ENV HOME=/home/user \
    KERAS_HOME=/home/user/.keras \
    PYTHONUNBUFFERED=1 \
    GRADIO_SERVER_NAME=0.0.0.0 \
    GRADIO_SERVER_PORT=7860 \
    GRADIO_ANALYTICS_ENABLED=False
WORKDIR /home/user/app
COPY --chown=user deepdream_av deepdream_av
COPY --chown=user demo demo
COPY --chown=user LICENSE README.md ./

ARG IMAGENET_WEIGHTS=0
RUN if [ "$IMAGENET_WEIGHTS" = 1 ]; then \
    python -c "from deepdream_av.backbones import load_backbone as load; [load(x) for x in ('vgg16', 'vgg19', 'inception_v3')]"; \
    fi

EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:7860/', timeout=8).read(1)"]
CMD ["python", "demo/app.py"]
