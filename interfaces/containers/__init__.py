"""Containers: what the project asks of a container engine, and the engine that it speaks to.

``protocol`` says what is asked; ``docker_engine`` does it, and is the only module that imports docker. Around them, one
concept a file: ``create_request`` (isolation and limits), ``writable_folders``, ``docker_run`` (one run),
``supervision`` (time limit, stopping), ``output_stream`` (stdout and stderr as they come), ``cgroup``, ``engine_stats``
and ``usage`` (what was used), ``cannot_start`` (whose fault a failed start is), ``volume_reading`` and
``volume_archive`` (reading outputs without being root), ``docker_images`` and ``registry`` (images, and where else they
lie), ``image_build``, ``gpus`` and ``runtime_metrics``.
"""
