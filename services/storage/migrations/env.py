from alembic import context
from runtime.migrate import run_env

run_env(context)
