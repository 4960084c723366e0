import os

from django.core.signals import request_finished
from django.core.wsgi import get_wsgi_application

from smrt_integration import timeouts
from smrt_integration.health import heartbeats

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smrt_integration.settings")

timeouts.use_in_process(timeouts.WEB)
application = get_wsgi_application()
request_finished.connect(heartbeats.write_from_web)
