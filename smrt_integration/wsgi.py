import os

from django.core.wsgi import get_wsgi_application

from smrt_integration import timeouts

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smrt_integration.settings")

timeouts.use_in_process(timeouts.WEB)
application = get_wsgi_application()
