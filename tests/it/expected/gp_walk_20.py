#!/usr/bin/env python3
"""People within 1.6 km, straight line, of a general practice: London by borough and by decile of deprivation.

How gp_walk_20.csv was made, apart from the program it tests: no index, no library, every small area against every practice.

    python3 gp_walk_20.py DATA > gp_walk_20.csv

DATA holds need/london-lsoa21.csv (2021 small areas: residents of the census, IMD decile, the middle of its
postcodes) and expected/london_gp_practices.csv (practices open in January 2024 at the grid reference of their postcode).
A resident exactly at the limit is within. Twenty minutes on foot are taken as 1.6 km, as published standards do.
"""
import csv
import sys
from collections import defaultdict

LIMIT = 1600.0


def rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def main(data):
    practices = [
        (float(row["oseast1m"]), float(row["osnrth1m"]))
        for row in rows(f"{data}/expected/london_gp_practices.csv")
    ]
    people, within, names = defaultdict(int), defaultdict(int), {}
    for area in rows(f"{data}/need/london-lsoa21.csv"):
        east, north, residents = float(area["pc_e"]), float(area["pc_n"]), int(area["pop"])
        is_within = any(
            (east - x) ** 2 + (north - y) ** 2 <= LIMIT * LIMIT for x, y in practices
        )
        borough = ("borough", area["ltla24_code"])
        decile = ("decile", f"{int(float(area['IMD_decile'])):02}" if area["IMD_decile"] else "unknown")
        names[borough], names[decile] = area["ltla24_name"], ""
        for key in (borough, decile):
            people[key] += residents
            within[key] += residents if is_within else 0
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["by", "key", "name", "people", "within"])
    for key in sorted(people):
        out.writerow([*key, names[key], people[key], within[key]])


if __name__ == "__main__":
    main(sys.argv[1])
