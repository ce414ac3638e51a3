"""A FastAPI service that records with Tocsin, as the environment says."""

from fastapi import FastAPI, Request

from tocsin.asgi import TocsinMiddleware

app = FastAPI()
app.add_middleware(
    TocsinMiddleware, keys={"key-of-alice": "alice"}, system="python-app", exclude=["/ready"]
)


@app.get("/ready")
async def ready() -> str:
    return "ready"


@app.post("/predict")
async def predict(request: Request) -> dict[str, int]:
    return {"bytes": len(await request.body())}
