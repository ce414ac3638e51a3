"""A Flask service that records with Tocsin, as the environment says."""

from flask import Flask, request

from tocsin.wsgi import TocsinMiddleware

app = Flask(__name__)
app.wsgi_app = TocsinMiddleware(  # type: ignore[method-assign]
    app.wsgi_app, keys={"key-of-alice": "alice"}, system="python-app", exclude=["/ready"]
)


@app.get("/ready")
def ready() -> str:
    return "ready"


@app.post("/predict")
def predict() -> dict[str, int]:
    return {"bytes": len(request.get_data())}
