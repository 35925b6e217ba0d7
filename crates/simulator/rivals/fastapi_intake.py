"""A satellite webhook as a Python team would write it: FastAPI, and a confirmed publish before the answer."""

import json
import os
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl

import aio_pika
from fastapi import FastAPI, Request, Response

QUEUE = "fairlead-bench-rival"


@asynccontextmanager
async def lifespan(app: FastAPI):
    connection = await aio_pika.connect_robust(os.environ["AMQP_URL"])
    async with connection:
        channel = await connection.channel(publisher_confirms=True)
        # The queue goes with the connection; the messages are persistent, so each confirm means disk.
        await channel.declare_queue(QUEUE, durable=True, exclusive=True)
        app.state.exchange = channel.default_exchange
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/health/ready")
async def ready():
    return "OK"


@app.post("/rockblock/incoming")
async def incoming(request: Request):
    body = await request.body()
    if "json" in request.headers.get("content-type", ""):
        fields = json.loads(body)
    else:
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
    if not str(fields.get("imei", "")).isdigit():
        return Response("no imei", status_code=400)
    message = aio_pika.Message(
        json.dumps(fields).encode(),
        content_type="application/json",
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
    )
    await request.app.state.exchange.publish(message, routing_key=QUEUE, mandatory=True)
    return Response("OK", media_type="text/plain")
