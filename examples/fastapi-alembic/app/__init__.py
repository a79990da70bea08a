"""An app as EdgePaaS deploys it: FastAPI, SQLAlchemy, Alembic."""
