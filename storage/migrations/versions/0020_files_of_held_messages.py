"""Files of messages that are held back are held back with them, as those of newer ones are."""

import sqlalchemy as sa
from alembic import op

from storage.columns import Json

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

attachments = sa.table("attachments", *map(sa.column, ("account_id", "id", "used_as")))
held_messages = sa.table("held_messages", sa.column("account_id"), sa.column("attachments", Json))


def upgrade() -> None:
    _use("message", "held")


def downgrade() -> None:
    _use("held", "message")


def _use(before: str, after: str) -> None:
    on_postgres = op.get_context().dialect.name == "postgresql"
    listed = sa.func.jsonb_array_elements if on_postgres else sa.func.json_each
    file = listed(held_messages.c.attachments).table_valued("value")
    theirs = sa.select(held_messages.c.account_id, file.c.value.op("->>")("id")).select_from(
        held_messages.join(file, sa.true())
    )
    op.execute(
        attachments.update()
        .where(
            attachments.c.used_as == before,
            sa.tuple_(attachments.c.account_id, attachments.c.id).in_(theirs),
        )
        .values(used_as=after)
    )
