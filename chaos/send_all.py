"""`python -m chaos.send_all`: resume what owners paused, and send all customers."""

import os


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smrt_integration.settings")
    import django

    django.setup()
    from django.utils import timezone

    from customers.models import Business
    from events.jobs import control, first_sync
    from events.jobs.feed import FEEDING_KINDS

    for business in Business.objects.all():
        for kind in FEEDING_KINDS:
            control.resume(business.pk, kind)
        first_sync.request_sync(business.pk, None, timezone.now())


if __name__ == "__main__":
    main()
