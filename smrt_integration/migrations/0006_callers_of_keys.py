from django.db import migrations, models

# One row of ApiKey is one program so far. The responses
# stored so far have no caller and are found by their key.
CREATE_CALLERS = """
DO $$
DECLARE
    one record;
    new_id bigint;
BEGIN
    FOR one IN SELECT id, business_id, created_at FROM smrt_integration_apikey
               WHERE caller_id IS NULL LOOP
        INSERT INTO smrt_integration_apicaller (uuid, business_id, created_at)
        VALUES (gen_random_uuid(), one.business_id, one.created_at) RETURNING id INTO new_id;
        UPDATE smrt_integration_apikey SET caller_id = new_id WHERE id = one.id;
    END LOOP;
END $$
"""
CREATE_INDEX = """
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS answered_once_per_caller
ON smrt_integration_answered (caller_id, idempotency_key)
"""
ADD_CONSTRAINT = """
ALTER TABLE smrt_integration_answered
ADD CONSTRAINT answered_once_per_caller UNIQUE USING INDEX answered_once_per_caller
"""
DROP_CONSTRAINT = """
ALTER TABLE smrt_integration_answered DROP CONSTRAINT IF EXISTS answered_once_per_caller
"""


class Migration(migrations.Migration):
    # CONCURRENTLY: calls go on while the index is built.
    atomic = False

    dependencies = [("smrt_integration", "0005_api_callers")]

    operations = [
        migrations.RunSQL(CREATE_CALLERS, migrations.RunSQL.noop),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(CREATE_INDEX, migrations.RunSQL.noop),
                migrations.RunSQL(ADD_CONSTRAINT, DROP_CONSTRAINT),
            ],
            state_operations=[
                migrations.AddConstraint(
                    "answered",
                    models.UniqueConstraint(
                        fields=["caller", "idempotency_key"], name="answered_once_per_caller"
                    ),
                )
            ],
        ),
    ]
