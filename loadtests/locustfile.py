"""The load on the sample shop: each user makes one request a second.

Users sleep 1-2 s before their first request. Without that, users spawned together fire together
every second, and their requests queue behind each other; a sleep shorter than the pace would be
cancelled by it. Requests have stable names, so that a query string never splits an endpoint.
"""

from __future__ import annotations

import random
import time

from locust import FastHttpUser, constant_throughput, task

WORDS = ("coffee", "grinder", "kettle", "cup", "tea", "brush")
ITEMS = range(1, 13)


class Customer(FastHttpUser):
    """Someone who mostly browses, often searches, sometimes buys."""

    host = "http://127.0.0.1:8080"
    wait_time = constant_throughput(1)

    def on_start(self) -> None:
        """Step out of phase with the users spawned at the same moment."""
        time.sleep(random.uniform(1, 2))

    @task(40)
    def browse(self) -> None:
        """Look at everything."""
        self.client.get("/browse")

    @task(25)
    def search(self) -> None:
        """Look for one thing."""
        self.client.get(f"/search?q={random.choice(WORDS)}", name="/search")

    @task(15)
    def cart(self) -> None:
        """Put two things into the cart."""
        self.client.post("/cart", json={"items": random.sample(ITEMS, 2)})

    @task(10)
    def checkout(self) -> None:
        """Buy two things."""
        self.client.post("/checkout", json={"items": random.sample(ITEMS, 2)})

    @task(10)
    def login(self) -> None:
        """Come in."""
        self.client.post("/login", json={"user": "ann"})
