# Targets: lane, service, worker, lane-cuda. Builds with BuildKit and with the legacy builder of Docker 20.10, which builds
# every stage above its target: that is why CUDA comes last.
#
#   docker build --target lane -t forwardpass-lane .
#
# To pin the base, name it by its digest: --build-arg BASE=debian@sha256:…, which
# `docker image inspect --format '{{index .RepoDigests 0}}' debian:bookworm-slim` prints. It has to bring Python 3.11.
# Behind a mirror pass PIP_INDEX_URL, PIP_EXTRA_INDEX_URL, PIP_FIND_LINKS or PIP_NO_INDEX: no final image knows of them.
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS python
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
LABEL org.opencontainers.image.licenses=Apache-2.0

FROM python AS build
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ARG PIP_FIND_LINKS
ARG PIP_NO_INDEX
ENV PIP_INDEX_URL=$PIP_INDEX_URL PIP_EXTRA_INDEX_URL=$PIP_EXTRA_INDEX_URL PIP_FIND_LINKS=$PIP_FIND_LINKS \
    PIP_NO_INDEX=$PIP_NO_INDEX PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PATH=/opt/pip/bin:$PATH
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3-venv \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
    && python3 -m venv /opt/pip

# torch and numpy with what they require. An empty TORCH_INDEX takes the indexes pip is configured with.
FROM build AS torch
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ARG TORCH=torch==2.13.0
ARG NUMPY="numpy>=2.1,<3"
COPY .ci/images/torch_site.sh /opt/
RUN sh /opt/torch_site.sh /site "$TORCH_INDEX" "$TORCH" "$NUMPY"

# Parts for GPUs are judged here too, by Triton's interpreter.
FROM torch AS lane-site
ARG TRITON=triton==3.7.1
COPY .ci/images/triton_site.sh /opt/
RUN sh /opt/triton_site.sh /site "$TRITON"

FROM lane-site AS lane-root
COPY .ci/images/lane_root.py /opt/
RUN python3 /opt/lane_root.py /site /opt/root

# What of this repository goes into a lane: one package, which knows nothing of tasks.
FROM python AS sandbox
COPY sandbox /forwardpass/sandbox
RUN python3 -m compileall -q --invalidation-mode unchecked-hash /forwardpass

# What a candidate's process sees: no shell, no tools, no compiler, nothing that is setuid, no grader and no tasks.
FROM scratch AS lane-base
ENV PATH=/nonexistent HOME=/tmp TMPDIR=/tmp LANG=C.UTF-8 \
    PYTHONPATH=/forwardpass:/site PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1 TORCH_COMPILE_DISABLE=1 \
    OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 \
    MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=268435456 THP_MEM_ALLOC_ENABLE=1
USER 65534:65534
ENTRYPOINT ["/usr/bin/python3.11", "-B", "-s", "-P", "-m", "sandbox.zygote"]
LABEL org.opencontainers.image.licenses=Apache-2.0

FROM lane-base AS lane
COPY --from=lane-root /opt/root/ /
COPY --from=lane-site /site /site
COPY --from=sandbox /forwardpass /forwardpass
# What .ci/engine.sh says of sandbox/, so that an image of another version can be told by its label.
ARG SANDBOX_DIGEST=
LABEL org.opencontainers.image.title=forwardpass-lane forwardpass.sandbox.digest=$SANDBOX_DIGEST

# What is installed, apart from our own code, so that a change in the code installs nothing anew.
FROM python AS requirements
COPY pyproject.toml .ci/images/requirements.py /
RUN python3 requirements.py pyproject.toml service > service.txt \
    && python3 requirements.py pyproject.toml service grade docker > worker.txt

FROM build AS wheels
COPY pyproject.toml hatch_build.py README.md LICENSE /src/
COPY sandbox /src/sandbox
COPY grader /src/grader
COPY api /src/api
COPY tasks /src/tasks
RUN FORWARDPASS_PUBLIC=1 pip wheel --no-deps --wheel-dir /wheels/public /src \
    && pip wheel --no-deps --wheel-dir /wheels/whole /src

FROM build AS service-site
COPY --from=requirements /service.txt /opt/
RUN python3 -m venv --without-pip /opt/forwardpass \
    && pip --python /opt/forwardpass install --requirement /opt/service.txt
COPY --from=wheels /wheels/public /opt/dist
RUN pip --python /opt/forwardpass install --no-deps --no-index /opt/dist/*.whl

FROM torch AS worker-site
COPY --from=requirements /worker.txt /opt/
RUN python3 -m venv --without-pip /opt/forwardpass \
    && echo /site > /opt/forwardpass/lib/python3.11/site-packages/torch.pth \
    && pip --python /opt/forwardpass install --requirement /opt/worker.txt
COPY --from=wheels /wheels/whole /opt/dist
RUN pip --python /opt/forwardpass install --no-deps --no-index /opt/dist/*.whl

FROM python AS runtime
RUN useradd --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin forwardpass \
    && find / -xdev -type f -perm /6000 -exec chmod ug-s {} +
ENV PATH=/opt/forwardpass/bin:/usr/local/bin:/usr/bin:/bin HOME=/tmp LANG=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1

# What candidates and recruiters talk to: no torch, and of each task only what a candidate may read. It needs DATABASE_URL.
FROM runtime AS service
COPY --from=service-site /opt/forwardpass /opt/forwardpass
USER forwardpass
ENV FORWARDPASS_HOST=0.0.0.0 FORWARDPASS_PORT=8000 FORWARDPASS_WORKERS=0
EXPOSE 8000
CMD ["forwardpass", "serve"]
LABEL org.opencontainers.image.title=forwardpass-service

# What grades: hidden tests, references, and the examiner's torch. Lanes meet it in /run/forwardpass, where it alone lists.
FROM runtime AS worker
RUN install --directory --owner forwardpass --group forwardpass --mode 0711 /run/forwardpass
COPY --from=torch /site /site
COPY --from=worker-site /opt/forwardpass /opt/forwardpass
USER forwardpass
CMD ["forwardpass", "worker"]
LABEL org.opencontainers.image.title=forwardpass-worker

# The lane for a GPU: the same root around another build of torch, and Triton with its one C extension compiled here, so
# that this lane holds no compiler either. It brings ptxas, which it starts at run time.
FROM build AS torch-cuda
ARG TORCH_CUDA_INDEX=https://download.pytorch.org/whl/cu130
ARG TORCH=torch==2.13.0
ARG NUMPY="numpy>=2.1,<3"
COPY .ci/images/torch_site.sh /opt/
RUN sh /opt/torch_site.sh /site "$TORCH_CUDA_INDEX" "$TORCH" "$NUMPY"

FROM torch-cuda AS lane-cuda-root
COPY .ci/images/lane_root.py /opt/
RUN python3 /opt/lane_root.py /site /opt/root
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc libc6-dev python3-dev
COPY .ci/images/triton_cache.py /site/
RUN PYTHONPATH=/site python3 /site/triton_cache.py /opt/root/usr/lib/triton

FROM lane-base AS lane-cuda
COPY --from=lane-cuda-root /opt/root/ /
COPY --from=torch-cuda /site /site
COPY .ci/images/triton_cache.py /site/
COPY --from=sandbox /forwardpass /forwardpass
# TRITON_LIBCUDA_PATH only keeps Triton from asking ldconfig. Which GPU a lane gets is said when it is started.
ENV NVIDIA_DRIVER_CAPABILITIES=compute,utility TRITON_CACHE_MANAGER=triton_cache:Cache TRITON_LIBCUDA_PATH=/usr/lib
ARG SANDBOX_DIGEST=
LABEL org.opencontainers.image.title=forwardpass-lane-cuda forwardpass.sandbox.digest=$SANDBOX_DIGEST
