"""Texts that containers are configured with name hosts, and much that only looks like one."""

from __future__ import annotations

import time

import pytest

from intentc.manifests.hosts import hosts, is_naming

NAMED = [
    # The text, the variable or flag that takes it, and the hosts it names with their ports.
    ("redis:6379", "", {("redis", 6379)}),
    ("redis.cache:6379", "X", {("redis.cache", 6379)}),
    ("http://web", "", {("web", 0)}),
    ("https://web.shop/path?to=a:1", "", {("web.shop", 0)}),
    ("jdbc:postgresql://db:5432/orders", "", {("db", 5432)}),
    ("jdbc:sqlserver://mssql:1433;databaseName=x", "", {("mssql", 1433)}),
    ("postgres://user:pa@ss@db/users", "", {("db", 0)}),
    ("amqp://guest:guest@rabbitmq", "", {("rabbitmq", 0)}),
    ("mongodb://a:1,b:2,c:3/db", "", {("a", 1), ("b", 2), ("c", 3)}),
    ("kafka-0.kafka:9092,kafka-1.kafka:9092", "", {("kafka-0.kafka", 9092), ("kafka-1.kafka", 9092)}),
    ("a=http://one:80,b=http://two:81", "", {("one", 80), ("two", 81)}),
    ("user:secret@tcp(mysql:3306)/db", "", {("mysql", 3306)}),
    ("dns:///orders:50051", "", {("orders", 50051)}),
    ('["http://es:9200"]', "HOSTS", {("es", 9200)}),
    ("orders.shop.svc.cluster.local", "", {("orders.shop.svc.cluster.local", 0)}),
    ("orders.shop.svc.cluster.local:80", "", {("orders.shop.svc.cluster.local", 80)}),
    ("orders.shop.svc.", "", {("orders.shop.svc", 0)}),
    ("orders", "ORDERS_HOST", {("orders", 0)}),
    ("orders", "--orders-addr", {("orders", 0)}),
    ("orders", "ordersHost", {("orders", 0)}),
    ("a, b", "PEERS", {("a", 0), ("b", 0)}),
    ("redis", "REDIS", {("redis", 0)}),
    ("redis-master", "--redis-master", {("redis-master", 0)}),
    ("kafka", "KAFKA_BOOTSTRAP", {("kafka", 0)}),
    ("--db-host=postgres", "", {("postgres", 0)}),
    ("host=postgres port=5432 dbname=x", "", {("postgres", 0)}),
    ("Server=mssql,1433;Database=x", "", {("mssql", 0)}),
    ("spring.redis.host=redis\nspring.redis.port=6379\n", "", {("redis", 0)}),
    ('{"redisHost": "redis", "n": 1}', "", {("redis", 0)}),
    ("proxy_pass http://backend;", "", {("backend", 0)}),
    ("upstream x { server app:8080; }", "", {("app", 8080)}),
    ("until nc -z db 5432; do sleep 1; done", "", {("db", 5432)}),
    ("mysqladmin ping -h mysql", "", {("mysql", 0)}),
    ("$(REDIS_MASTER_SERVICE_HOST):6379", "", {("redis-master", 0)}),
    # What must not be taken for a host.
    ("orders", "", set()),
    ("orders", "DATABASE_NAME", set()),
    ("redis:6", "RUNNER_IMAGE", set()),
    ("user", "DB_USER", set()),
    ("redis", "REDIS_NAME", set()),
    ("postgres", "POSTGRES_PASSWORD", set()),
    ("http://user:secret@", "", set()),
    ("-port=80", "", set()),
    ("8080", "PORT", set()),
    ("12:30:45", "", set()),
    ("key:80:90", "", set()),
    ("2026-11-23T12:30", "", set()),
    ("a@b:80", "", set()),
    ("/var/lib:80", "", set()),
    ("name:99999999", "", set()),
    ("", "HOST", set()),
    ("$(HOST)", "URL", set()),
    ("Redis:6379", "", set()),
]


@pytest.mark.parametrize(("text", "hint", "expected"), NAMED)
def test_hosts(text: str, hint: str, expected: set[tuple[str, int]]) -> None:
    assert {(host.name, host.port) for host in hosts(text, hint)} == expected


def test_the_last_word_of_a_variable_decides() -> None:
    for hint in (
        "DB_HOST",
        "dbHost",
        "db.host",
        "--db-host",
        "API_URL",
        "REDIS_SERVICE_ADDR",
        "KAFKA_BROKERS",
    ):
        assert is_naming(hint)
    for hint in (
        "",
        "HOST_NAME_PREFIX",
        "DB_USER",
        "DATABASE",
        "SERVICE_NAME",
        "URL_PREFIX",
        "9",
        "PASSWORD",
    ):
        assert not is_naming(hint)


@pytest.mark.parametrize(
    "piece", ["a", "a.", "a-", "://", "http://", "a:1", "a=b ", "h 11 ", "http://a@", "   ", "="]
)
def test_reading_a_text_takes_linear_time(piece: str) -> None:
    def cost(size: int) -> float:
        text = piece * (size // len(piece))
        best = 9.0
        for _ in range(2):
            start = time.process_time()
            list(hosts(text, "DB_HOST"))
            best = min(best, time.process_time() - start)
        return best

    assert cost(120_000) < 8 * cost(30_000) + 0.05
