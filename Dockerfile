# The image of a small site's Prefect server and workers: Python with this project, its wheels brought along so that the
# build needs no network. scripts/site_image.sh makes the wheels and builds it.
ARG BASE=python:3.12-slim
FROM ${BASE}
COPY build/wheels /wheels
RUN python3 -m pip install --no-cache-dir --no-index --find-links /wheels \
        $(python3 -c 'import sys; sys.version_info[:2] >= (3, 11) and print("--break-system-packages")') \
        "component-flows[postgresql,s3]" \
    && rm -rf /wheels
ENV DO_NOT_TRACK=1 \
    PREFECT_SERVER_ANALYTICS_ENABLED=false \
    PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT=false \
    PREFECT_SERVER_UI_API_URL=/api
# No USER: who may use the Docker engine can become root on its machine, so another one here would only seem safer.
ENTRYPOINT []
CMD ["component-flows", "doctor"]
