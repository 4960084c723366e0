class ActionRefused(Exception):
    """An action that makes no sense in the present state of the records. Nothing was changed.

    `message` is a sentence for the person at the counter; `code` is stable, for programs; `field` names the argument at fault, if one is.
    """

    def __init__(self, message: str, code: str, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.field = field
