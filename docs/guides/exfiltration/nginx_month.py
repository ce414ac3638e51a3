# A month of nginx lines of three programs, one of which takes a copy on a Saturday night.

import json
import random
import time

HOUR, DAY = 3600, 86400
dice = random.Random(7)
now = int(time.time())
today = now - now % DAY
days_since_saturday = (today // DAY - 2) % 7 or 7
lines = []


def add(second, user, size):
    lines.append({
        "msec": f"{second}.000", "remote_addr": "10.20.0.9", "remote_user": user, "method": "POST",
        "uri": "/get-online-features", "status": "200", "bytes_out": str(size), "system": "features",
    })


for hour in range(today - 30 * DAY, now - HOUR, HOUR):
    by_day = 7 <= hour % DAY // HOUR < 19
    for user, calls in {"web-shop": 12 if by_day else 3, "crm-sync": 6 if by_day else 0, "mobile": 8}.items():
        for _ in range(dice.randint(calls // 2, calls * 3 // 2)):
            add(hour + dice.randrange(HOUR), user, dice.randint(2000, 9000))
for page in range(300):
    add(today - days_since_saturday * DAY + 2 * HOUR + page * 20, "crm-sync", dice.randint(150_000, 250_000))
with open("nginx.json", "w") as file:
    for one in sorted(lines, key=lambda one: one["msec"]):
        file.write(json.dumps(one) + "\n")
