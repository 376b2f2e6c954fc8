"""An invented fleet: models with engines, and vehicles with plates, VINs and wear."""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from vehicles.domain.inspection.shapes import Vehicle

VIN_VALUES = dict(
    zip(
        "0123456789ABCDEFGHJKLMNPRSTUVWXYZ",
        "012345678912345678123457923456789",
        strict=True,
    )
)
VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
YEARS = "ABCDEFGHJKLMNPRSTVWXY123456789"


@dataclass(frozen=True, slots=True)
class Model:
    """A vehicle model with its engine. ``share`` is its weight in the fleet."""

    brand: str
    model: str
    engine: str
    fuel: str
    displacement: float
    power: float
    rated_rpm: int
    gross: float
    reference: float
    type: str
    use: str
    stages: tuple[int, ...]
    share: float
    wmi: str


def _stages(digits: str) -> tuple[int, ...]:
    return tuple(int(digit) for digit in digits)


_READ: tuple[Callable[[str], Any], ...] = (
    *(str, str, str, str, float, float, int, float, float, str, str),
    *(_stages, float, str),
)


def _model(row: str) -> Model:
    return Model(*(read(word) for read, word in zip(_READ, row.split(), strict=True)))


MODELS: tuple[Model, ...] = tuple(
    _model(row)
    for row in """
天驰 TC7150A TC4G15 A 1.5 80 6000 1550 1250 K33 A 456 9 LTC
天驰 TC7160B TC4G16 A 1.6 93 6000 1620 1310 K33 A 345 7 LTC
天驰 TC6480S TC4T20 A 2.0 150 5500 2100 1720 K32 A 56 5 LTC
北岭 BL7181 BLE18 A 1.8 103 6200 1700 1380 K33 A 345 7 LBL
北岭 BL6450 BLE20 A 2.0 110 6000 1980 1560 K32 A 45 5 LBL
北岭 BL1021 BLE15 A 1.5 75 5600 1900 1300 H31 F 45 4 LBL
赛湖 SH6420 SHL12 A 1.2 63 6000 1500 1160 K39 A 45 6 LSH
赛湖 SH7203 SHT20 A 2.0 140 5000 1850 1500 K33 A 56 5 LSH
赛湖 SH6390 SHL10 A 1.0 45 5300 1450 1080 K39 B 234 3 LSH
鸿途 HT7152 HTQ15 A 1.5 85 5800 1580 1270 K33 D 56 6 LHT
鸿途 HT6470 HTQ24 A 2.4 118 6000 2250 1780 K32 A 345 4 LHT
云岭 YL5031 YLC15 AE 1.5 72 5600 2100 1350 H31 F 45 2 LYL
云岭 YL7182 YLC18 AE 1.8 95 6000 1750 1420 K33 D 45 3 LYL
天驰 TC7151E TCM150 C 0 110 9000 1900 1600 K33 A 6 4 LTC
赛湖 SH6460P SHP15 AO 1.5 78 5800 2050 1700 K32 A 6 3 LSH
铁岩 TY4250 TYD13 B 12.9 353 1900 49000 9000 Q11 F 56 6 LTY
铁岩 TY4180 TYD10 B 9.7 257 1900 35000 7200 Q11 F 45 3 LTY
铁岩 TY3310 TYD11 B 10.5 294 1900 31000 12500 H17 F 456 5 LTY
戈远 GY1310 GYP11 B 10.8 276 2100 31000 11000 H11 F 345 4 LGY
戈远 GY1160 GYP06 B 6.2 162 2500 16000 6200 H11 F 345 5 LGY
戈远 GY5040 GYP30 B 2.98 96 3200 4495 2600 H22 F 456 6 LGY
驼峰 TF1045 TF28T B 2.77 85 3600 4495 2400 H21 F 345 6 LTF
驼峰 TF6601 TF38T B 3.76 103 2800 5500 3900 K21 B 45 2 LTF
驼峰 TF1032 TF25T B 2.5 80 3600 2900 1900 H31 F 34 4 LTF
驼峰 TF6840 TF67T B 6.7 170 2500 12000 8300 K11 B 45 2 LTF
""".strip().splitlines()
)

PLATE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


@dataclass(slots=True)
class Car:
    """A vehicle of the invented fleet with what no document says: how dirty it is."""

    model: Model
    vehicle: Vehicle
    stage: int
    registered: date
    dirt: float
    calid: str
    cvn: str
    odometer: float
    last_day: date


def vin_for(model: Model, year: int, serial: int) -> str:
    """Return a VIN with the right check digit."""
    digest = sum(ord(char) for char in model.model + model.engine)
    vds = f"{PLATE_LETTERS[digest % 24]}{digest % 10}{PLATE_LETTERS[digest // 7 % 24]}"
    vds = f"{vds}{model.model[2:4].zfill(2)}".replace("I", "1").replace("O", "0")
    body = f"{model.wmi}{vds}0{YEARS[(year - 2010) % 30]}A{serial:06d}"
    total = sum(
        int(VIN_VALUES[char]) * weight
        for char, weight in zip(body, VIN_WEIGHTS, strict=True)
    )
    return f"{body[:8]}{'X' if total % 11 == 10 else total % 11}{body[9:]}"


def _plate(rng: random.Random, model: Model, taken: set[str]) -> tuple[str, str, str]:
    while True:
        if model.fuel == "C":
            text = f"新ED{rng.choice(PLATE_LETTERS)}{rng.randrange(10000):04d}"
            color, kind = "green", "52"
        else:
            tail = "".join(
                rng.choice("0123456789" * 3 + "ABCDEFGHJK") for _ in range(4)
            )
            text = f"新E{rng.choice('0123456789' + PLATE_LETTERS)}{tail}"
            heavy = model.gross > 4400
            color, kind = ("yellow", "01") if heavy else ("blue", "02")
        if text not in taken:
            taken.add(text)
            return text, color, kind


def software_of(model: Model, stage: int) -> tuple[str, str]:
    """Return the CALID and CVN that all vehicles of a model and stage carry."""
    rng = random.Random(f"{model.model}/{stage}")
    calid = (
        f"{model.engine}{stage}{rng.randrange(16**6):06X}-{rng.randrange(10**4):04d}"
    )
    return calid, f"{rng.randrange(16**8):08X}"


STAGE_YEARS = {
    2: (2006, 2008),
    3: (2008, 2012),
    4: (2011, 2017),
    5: (2016, 2021),
    6: (2020, 2026),
}


def make_fleet(
    count: int, *, seed: int, today: date, avoid: Iterable[str] = ()
) -> list[Car]:
    """Return ``count`` vehicles; the same seed gives the same fleet.

    Plates in ``avoid`` are not given out.
    """
    rng = random.Random(seed)
    taken: set[str] = set(avoid)
    weights = [model.share for model in MODELS]
    return [
        _car(rng, rng.choices(MODELS, weights)[0], index, taken, today)
        for index in range(count)
    ]


def _car(
    rng: random.Random, model: Model, index: int, taken: set[str], today: date
) -> Car:
    stage = rng.choices(model.stages, range(2, 2 + len(model.stages)))[0]
    first, last = STAGE_YEARS[stage]
    registered = date(rng.randint(first, last), rng.randint(1, 12), rng.randint(1, 28))
    registered = min(registered, today - timedelta(days=200))
    age = (today - registered).days / 365
    plate, color, kind = _plate(rng, model, taken)
    calid, cvn = software_of(model, stage)
    yearly = rng.lognormvariate(9.9 if model.use == "F" else 9.4, 0.4)
    dirt = rng.lognormvariate(-0.35, 0.45) * (1 + 0.035 * age)
    vin = vin_for(model, registered.year, 100000 + index)
    diesel_truck = model.fuel == "B" and model.gross > 4400
    vehicle = Vehicle(
        plate=plate,
        plate_color=color,
        plate_type=kind,
        vin=vin,
        engine_number=f"{model.engine[:3]}{rng.randrange(10**7):07d}",
        brand=model.brand,
        model=model.model,
        engine_model=model.engine,
        vehicle_type=model.type,
        fuel=model.fuel,
        emission_stage=stage,
        registered_on=registered,
        use=model.use,
        gross_mass_kg=model.gross,
        reference_mass_kg=model.reference,
        seats=2 if model.use == "F" else 5,
        displacement_l=model.displacement or None,
        cylinders=None if model.fuel == "C" else 6 if model.displacement > 5 else 4,
        rated_power_kw=model.power,
        rated_rpm=float(model.rated_rpm),
        transmission="manual" if diesel_truck else rng.choice(("manual", "automatic")),
        drive="full_time_four"
        if rng.random() < 0.03
        else "rear"
        if diesel_truck
        else "front",
        esp_cannot_be_off=rng.random() < 0.02,
        exhaust_pipes=1,
        has_obd=stage >= 4,
        aftertreatment=_aftertreatment(model, stage),
        odometer_km=round(yearly * age),
    )
    return Car(model, vehicle, stage, registered, dirt, calid, cvn, yearly * age, today)


def _aftertreatment(model: Model, stage: int) -> tuple[str, ...]:
    if model.fuel == "C":
        return ()
    if model.fuel == "B":
        return {4: ("SCR",), 5: ("SCR", "DOC"), 6: ("DOC", "DPF", "SCR")}.get(stage, ())
    return ("TWC",) if stage < 6 else ("TWC", "GPF")
