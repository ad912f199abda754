"""Alembic runs inside ``ops.database.migrate``, on the connection that it hands over."""

from alembic import context

from ops.database import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
