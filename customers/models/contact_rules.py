"""What a business has to know about a customer at least."""


def missing_contact(
    kind: str, company_name: str, first_name: str, last_name: str, email: str, phone: str
) -> dict[str, str]:
    """Return a sentence by the field at fault, or nothing when the customer can be told apart."""
    if kind == "CORPORATE" and not company_name.strip():
        return {"company_name": "Give the name of the company, or make this a regular customer."}
    if not any(text.strip() for text in (company_name, first_name, last_name, email, phone)):
        return {
            "first_name": "Give at least one of: first name, last name, company, email address, "
            "phone number."
        }
    return {}
