-- The committed truth. Database triggers on the business's tables write down what happened, in the
-- transaction in which it happened, so a rollback takes it back. They know the contract, and nothing
-- of the code that records and sends.

CREATE SCHEMA journal;

CREATE TABLE journal.occurrence (
    id bigserial PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- Which transaction it was, and which others were committed before: the order of two
    -- occurrences is known only where one was committed before the other happened.
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    snapshot pg_snapshot NOT NULL DEFAULT pg_current_snapshot(),
    business_id bigint NOT NULL,
    customer_id bigint NOT NULL,
    event text NOT NULL,
    subject_id bigint NOT NULL,
    occurred_at timestamptz NOT NULL,
    properties jsonb NOT NULL
);

-- What was changed about customers, to read after a failure.
CREATE TABLE journal.customer_change (
    id bigserial PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    customer_id bigint NOT NULL,
    changed jsonb NOT NULL
);

CREATE FUNCTION journal.name_of(source regclass, row_id bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE found text;
BEGIN
    IF row_id IS NOT NULL THEN
        EXECUTE format('SELECT name FROM %s WHERE id = $1', source) INTO found USING row_id;
    END IF;
    RETURN found;
END $$;

CREATE FUNCTION journal.address_of(street text, city text, state text, postal text, country text)
RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN street || city || state || postal || country = '' THEN NULL
        ELSE jsonb_build_object('street', NULLIF(street, ''), 'city', NULLIF(city, ''),
            'state', NULLIF(state, ''), 'postalCode', NULLIF(postal, ''),
            'country', NULLIF(country, '')) END
$$;

CREATE FUNCTION journal.discount_of(row_id bigint) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('name', name, 'description', NULLIF(description, ''), 'value', value)
    FROM customers_discount WHERE id = row_id
$$;

CREATE FUNCTION journal.brand_of(customer bigint) RETURNS text LANGUAGE sql AS $$
    SELECT COALESCE(b.name, s.name) FROM customers_customer c
    JOIN customers_business s ON s.id = c.business_id
    LEFT JOIN customers_brand b ON b.id = c.brand_id WHERE c.id = customer
$$;

CREATE FUNCTION journal.order_properties(o customers_order) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object(
        'order_id', o.number, 'agent', journal.name_of('customers_agent', o.agent_id),
        'customer_brand', journal.brand_of(o.customer_id), 'value', o.total, 'revenue', o.total,
        'currency', (SELECT currency FROM customers_business WHERE id = o.business_id),
        'sold_by', journal.name_of('customers_employee', o.sold_by_id),
        'returned_by', journal.name_of('customers_employee', o.returned_by_id),
        'discount', journal.discount_of(o.discount_id))
$$;

CREATE FUNCTION journal.happened(
    business bigint, customer bigint, what text, subject bigint, moment timestamptz, details jsonb
) RETURNS void LANGUAGE sql AS $$
    INSERT INTO journal.occurrence
        (business_id, customer_id, event, subject_id, occurred_at, properties)
    VALUES (business, customer, what, subject, moment, details)
$$;

CREATE FUNCTION journal.on_customer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM journal.happened(NEW.business_id, NEW.id, 'New Customer Signup', NEW.id,
            NEW.created_at, jsonb_build_object('source', NEW.source));
    ELSE
        INSERT INTO journal.customer_change (customer_id, changed)
        SELECT NEW.id, jsonb_object_agg(n.key, n.value)
        FROM jsonb_each(to_jsonb(NEW)) n JOIN jsonb_each(to_jsonb(OLD)) o ON o.key = n.key
        WHERE n.value IS DISTINCT FROM o.value HAVING count(*) > 0;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION journal.on_visit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM journal.happened(NEW.business_id, NEW.customer_id, 'Customer Visit', NEW.id, NEW.at,
        jsonb_build_object('visit_type', NEW.visit_type));
    RETURN NULL;
END $$;

CREATE FUNCTION journal.on_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM journal.happened(NEW.business_id, NEW.customer_id, 'Order Created', NEW.id,
            NEW.created_at, journal.order_properties(NEW));
    ELSIF NEW.status <> OLD.status AND NEW.status = 'ready' THEN
        PERFORM journal.happened(NEW.business_id, NEW.customer_id, 'Order Ready', NEW.id,
            NEW.ready_at, journal.order_properties(NEW));
    ELSIF NEW.status <> OLD.status AND NEW.status = 'returned' THEN
        PERFORM journal.happened(NEW.business_id, NEW.customer_id, 'Order Returned', NEW.id,
            NEW.returned_at, journal.order_properties(NEW));
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION journal.on_line_item() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE o customers_order;
BEGIN
    IF OLD.returned_at IS NULL AND NEW.returned_at IS NOT NULL THEN
        SELECT * INTO o FROM customers_order WHERE id = NEW.order_id;
        PERFORM journal.happened(o.business_id, o.customer_id, 'Order Line Item Returned', NEW.id,
            NEW.returned_at, journal.order_properties(o) || jsonb_build_object(
                'department', journal.name_of('customers_department', NEW.department_id),
                'line_item_id', NEW.id::text, 'description', NEW.description,
                'quantity', NEW.quantity, 'price', NEW.price));
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION journal.on_stop() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE details jsonb;
BEGIN
    IF NEW.status <> OLD.status THEN
        details := jsonb_build_object(
            'driver', journal.name_of('customers_employee', NEW.driver_id),
            'route', journal.name_of('customers_agent', NEW.route_id),
            'address', journal.address_of(
                NEW.street, NEW.city, NEW.state, NEW.postal_code, NEW.country));
        IF NEW.status = 'completed' THEN
            PERFORM journal.happened(NEW.business_id, NEW.customer_id, 'Pickup Completed', NEW.id,
                NEW.completed_at, details || jsonb_build_object(
                    'had_pickup', NEW.had_pickup, 'had_delivery', NEW.had_delivery,
                    'total_pickups', NEW.total_pickups, 'total_deliveries', NEW.total_deliveries));
        ELSIF NEW.status = 'missed' THEN
            PERFORM journal.happened(NEW.business_id, NEW.customer_id, 'Pickup Missed', NEW.id,
                NEW.completed_at, details);
        END IF;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION journal.on_pickup_request() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM journal.happened(NEW.business_id, NEW.customer_id, 'Pickup Scheduled', NEW.id,
            NEW.created_at, jsonb_build_object(
                'scheduled_by', NEW.scheduled_by, 'pickup_date', NEW.pickup_date));
    ELSIF NEW.canceled_via <> OLD.canceled_via AND NEW.canceled_via IN ('Website', 'Text') THEN
        PERFORM journal.happened(NEW.business_id, NEW.customer_id, 'Customer Canceled Pickup', NEW.id,
            NEW.canceled_at, jsonb_build_object(
                'canceled_via', NEW.canceled_via, 'pickup_date', NEW.pickup_date));
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION journal.on_regular_request() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM journal.happened(NEW.business_id, NEW.customer_id, 'Customer Requested Regular Pickups',
        NEW.id, NEW.requested_at, jsonb_build_object('address', journal.address_of(
            NEW.street, NEW.city, NEW.state, NEW.postal_code, NEW.country)));
    RETURN NULL;
END $$;

CREATE TRIGGER journal AFTER INSERT OR UPDATE ON customers_customer
    FOR EACH ROW EXECUTE FUNCTION journal.on_customer();
CREATE TRIGGER journal AFTER INSERT ON customers_visit
    FOR EACH ROW EXECUTE FUNCTION journal.on_visit();
CREATE TRIGGER journal AFTER INSERT OR UPDATE ON customers_order
    FOR EACH ROW EXECUTE FUNCTION journal.on_order();
CREATE TRIGGER journal AFTER UPDATE ON customers_lineitem
    FOR EACH ROW EXECUTE FUNCTION journal.on_line_item();
CREATE TRIGGER journal AFTER UPDATE ON customers_stop
    FOR EACH ROW EXECUTE FUNCTION journal.on_stop();
CREATE TRIGGER journal AFTER INSERT OR UPDATE ON customers_pickuprequest
    FOR EACH ROW EXECUTE FUNCTION journal.on_pickup_request();
CREATE TRIGGER journal AFTER INSERT ON customers_regularpickuprequest
    FOR EACH ROW EXECUTE FUNCTION journal.on_regular_request();

-- The traits that Segment should have in the end, from the business's tables. Left out are those that
-- need code to compute: isMobile, phone, link, birthday.
CREATE VIEW journal.customer_traits AS
SELECT c.id AS customer_id, c.uuid::text AS user_id, c.business_id, jsonb_build_object(
    'email', NULLIF(c.email, ''),
    'name', NULLIF(CASE WHEN c.kind = 'CORPORATE' AND c.company_name <> '' THEN c.company_name
        ELSE btrim(c.first_name || ' ' || c.last_name) END, ''),
    'firstName', NULLIF(c.first_name, ''), 'lastName', NULLIF(c.last_name, ''),
    'agent', journal.name_of('customers_agent', c.agent_id),
    'paymentTerm', c.payment_term, 'hasCreditCard', c.card_on_file,
    'createdAt', to_char(c.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'lastVisit', to_char(c.last_visit AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'deliveryPreference', c.delivery_preference, 'brand', journal.brand_of(c.id),
    'address', journal.address_of(c.street, c.city, c.state, c.postal_code, c.country),
    'receiveEmails', c.receive_emails, 'receiveTexts', c.receive_texts,
    'group', journal.name_of('customers_customergroup', c.group_id),
    'accountDiscount', journal.discount_of(c.discount_id),
    'customFields', COALESCE((
        SELECT jsonb_agg(jsonb_build_object('name', f.name, 'value', NULLIF(v.value, ''))
            ORDER BY f.position, f.name, f.id)
        FROM customers_customfieldvalue v JOIN customers_customfield f ON f.id = v.field_id
        WHERE v.customer_id = c.id), '[]'),
    'demographic', c.demographic, 'phoneE164', NULLIF(c.phone, '')) AS traits
FROM customers_customer c;
