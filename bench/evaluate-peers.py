"""The second peer of `tocsin evaluate`: scikit-learn's IsolationForest over hourly features of each
account, trained on the first 14 days, read at the same budget of alerts a day.

    python bench/evaluate-peers.py --events FILE --labels FILE [--budget 10] [--json]

Needs scikit-learn, which nothing else here does: `pip install scikit-learn`. An alert is one account
within 24 h, as with Tocsin; the accounts and hours with the highest scores are taken until the budget
is used up. Two forests: on the features as they are, and on each as a deviation from the account's
own mean and spread of the training days, which is what a careful user would try next.
"""

import argparse
import gzip
import json
import math
from collections import Counter, defaultdict
from datetime import datetime

import numpy as np
from sklearn.ensemble import IsolationForest

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
TRAIN_DAYS = 14
KINDS = ["ai.invoke", "ai.retrieve", "ai.tool", "ai.feature", "data.read", "data.write", "model.read"]
SUMS = ["rows", "tokens in", "tokens out", "bytes out", "cost", "denials", "failures", "resources", "addresses"]


def read_hours(path):
    """(account, hour) → features."""
    hours = defaultdict(Counter)
    distinct = defaultdict(lambda: (set(), set()))
    with gzip.open(path, "rt") if path.endswith(".gz") else open(path, encoding="utf-8") as lines:
        for line in lines:
            try:
                event = json.loads(line)
                key = (event["actor"]["id"], time_of(event["time"]) // HOUR_MS)
            except (ValueError, KeyError, TypeError):
                continue
            cell = hours[key]
            cell[event["kind"]] += 1
            cell["rows"] += event.get("rows", 0)
            usage = event.get("usage", {})
            cell["tokens in"] += usage.get("in", 0)
            cell["tokens out"] += usage.get("out", 0)
            cell["bytes out"] += event.get("bytes", {}).get("out", 0)
            cell["cost"] += event.get("costMicros", 0)
            cell["denials"] += event["outcome"] == "denied"
            cell["failures"] += event["outcome"] == "failure"
            resources, addresses = distinct[key]
            resources.update(one.get("id", "") for one in event.get("resource", []))
            addresses.add(event.get("source", {}).get("ip", ""))
    for key, (resources, addresses) in distinct.items():
        hours[key]["resources"] = len(resources)
        hours[key]["addresses"] = len(addresses)
    return hours


def time_of(value):
    if isinstance(value, str):
        return int(datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp() * 1000)
    return value


def read_labels(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    labels = json.loads(text) if text.lstrip().startswith("[") else None
    return labels if labels is not None else [json.loads(line) for line in text.splitlines() if line.strip()]


def matrix(hours, keys):
    rows = []
    for key in keys:
        cell = hours[key]
        hour = key[1] % 24
        weekday = (key[1] // 24 + 3) % 7
        counts = [math.log1p(cell[name]) for name in KINDS + SUMS]
        angle = 2 * math.pi * hour / 24
        rows.append(counts + [math.sin(angle), math.cos(angle), float(weekday >= 5)])
    return np.array(rows)


def deviations(keys, features, is_training):
    """Each feature against the account's own training hours; those of strangers against everybody's."""
    out = np.empty_like(features)
    accounts = defaultdict(list)
    for i, (account, _) in enumerate(keys):
        accounts[account].append(i)
    everybody = features[is_training]
    for indexes in accounts.values():
        own = features[[i for i in indexes if is_training[i]]]
        base = own if len(own) >= 10 else everybody
        out[indexes] = (features[indexes] - base.mean(axis=0)) / (base.std(axis=0) + 0.25)
    return out


def alerts_of(keys, scores, first_hour, most):
    """The highest scores first, one alert per account within 24 h, until the budget is used up."""
    taken = defaultdict(list)
    alerts = []
    for i in np.argsort(-scores, kind="stable"):
        account, hour = keys[i]
        if hour < first_hour:
            continue
        if any(abs(hour - other) < 24 for other in taken[account]):
            continue
        taken[account].append(hour)
        alerts.append((account, (hour + 1) * HOUR_MS))
        if len(alerts) >= most:
            break
    return alerts


def is_look_alike(label):
    return not label.get("kind") or label["campaign"].startswith("benign:")


def hits(alert, label):
    account, at = alert
    # The hour is known when it is over.
    return account in label["entities"] and label["start"] <= at <= label["end"] + HOUR_MS


def score(alerts, labels, days):
    attacks = [one for one in labels if not is_look_alike(one)]
    benign = [one for one in labels if is_look_alike(one)]
    by_kind = defaultdict(lambda: [0, 0])
    for one in attacks:
        cell = by_kind[(one["kind"], one.get("strength"))]
        cell[0] += any(hits(alert, one) for alert in alerts)
        cell[1] += 1
    right = [alert for alert in alerts if any(hits(alert, one) for one in attacks)]
    found = sum(cell[0] for cell in by_kind.values())
    return {
        "alerts": len(alerts),
        "attacks": len(attacks),
        "found": found,
        "falseAlertsPerDay": (len(alerts) - len(right)) / days,
        "lookAlikes": [sum(any(hits(a, one) for a in alerts) for one in benign), len(benign)],
        "precision": len(right) / max(1, len(alerts)),
        "recall": found / max(1, len(attacks)),
        "byKind": {f"{kind} {strength}": cell for (kind, strength), cell in sorted(by_kind.items(), key=str)},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--events", required=True)
    parser.add_argument("--labels", required=True)
    parser.add_argument("--budget", type=float, default=10)
    parser.add_argument("--json", action="store_true")
    flags = parser.parse_args()
    hours = read_hours(flags.events)
    labels = read_labels(flags.labels)
    for label in labels:
        label["start"], label["end"] = time_of(label["start"]), time_of(label["end"])
    keys = sorted(hours, key=lambda key: (key[1], key[0]))
    features = matrix(hours, keys)
    begin = keys[0][1]
    is_training = np.array([hour - begin < TRAIN_DAYS * 24 for _, hour in keys])
    days = max(1.0, (keys[-1][1] - begin) / 24 - TRAIN_DAYS)
    results = {}
    for name, data in (
        ("IsolationForest", features),
        ("IsolationForest, own deviations", deviations(keys, features, is_training)),
    ):
        forest = IsolationForest(n_estimators=200, max_samples=1024, random_state=1).fit(data[is_training])
        scores = -forest.score_samples(data)
        for budget in sorted({1.0, flags.budget}):
            alerts = alerts_of(keys, scores, begin + TRAIN_DAYS * 24, int(budget * days))
            results[f"{name}, {budget:g} a day"] = score(alerts, labels, days)
    if flags.json:
        print(json.dumps(results))
        return
    for name, one in results.items():
        print(
            f"{name}: {one['found']} of {one['attacks']} found, precision {one['precision']:.0%}, "
            f"{one['falseAlertsPerDay']:.1f} false alerts a day, look-alikes {one['lookAlikes'][0]} of "
            f"{one['lookAlikes'][1]}"
        )
        for kind, (found, campaigns) in one["byKind"].items():
            print(f"  {kind}: {found} of {campaigns}")


if __name__ == "__main__":
    main()
