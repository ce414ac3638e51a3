# A program that reads on in the name of an account: 45 pages of 5,000 rows, now.

import json
import sys
import time
import urllib.request

read = {
    "kind": "ai.feature", "operation": "read_historical", "outcome": "success", "rows": 5000, "system": "feature-store",
    "actor": {"type": "service", "id": sys.argv[1], "session": "sess-copy"},
    "resource": [{"type": "feature-view", "id": "customer_profile"}],
}
headers = {"Authorization": "Bearer " + open("store.key").read().strip(), "Content-Type": "application/json"}
for page in range(45):
    event = json.dumps({**read, "time": int(time.time() * 1000)}).encode()
    urllib.request.urlopen(urllib.request.Request("http://127.0.0.1:7117/v1/events", event, headers)).read()
