"""Tables that benchmarks share: files of a folder, scikit-learn's own, made ones."""

import csv

import numpy as np
from sklearn import datasets
from sklearn.preprocessing import OneHotEncoder

# Names and kinds; those with a file need --data.
FILES = {
    "abalone": "abalone.data",
    "elevators": "elevators.npz",
    "banknote": "banknote.txt",
    "car": "car.data",
    "chess": "chess.data",
    "cmc": "cmc.data",
    "nursery": "nursery.data",
    "wifi": "wifi.txt",
    "yeast": "yeast.data",
}
REGRESSION = (
    "abalone",
    "elevators",
    "diabetes",
    "Friedman 1",
    "Friedman 2",
    "Friedman 3",
)
CLASSIFICATION = (
    "banknote",
    "car",
    "chess",
    "cmc",
    "nursery",
    "wifi",
    "yeast",
    "digits",
    "wine",
    "breast cancer",
    "iris",
)
_OWN = {
    "digits": datasets.load_digits,
    "wine": datasets.load_wine,
    "breast cancer": datasets.load_breast_cancer,
    "iris": datasets.load_iris,
    "diabetes": datasets.load_diabetes,
}
_MADE = {
    "Friedman 1": lambda: datasets.make_friedman1(3000, noise=1.0, random_state=7),
    "Friedman 2": lambda: datasets.make_friedman2(3000, noise=100.0, random_state=7),
    "Friedman 3": lambda: datasets.make_friedman3(3000, noise=0.1, random_state=7),
}


def load_table(folder, name):
    """Columns as numbers, text one-hot, and targets; None where the file is missing."""
    if name in _OWN:
        return _OWN[name](return_X_y=True)
    if name in _MADE:
        return _MADE[name]()
    path = None if folder is None else folder / FILES[name]
    if path is None or not path.exists():
        print(f"{name}: no file in --data, left out")
        return None
    if name == "elevators":
        with np.load(path) as file:
            X = np.concatenate([file["X_train"], file["X_test"]])
            y = np.concatenate([file["y_train"].ravel(), file["y_test"].ravel()])
        return X.astype(np.float64), y.astype(np.float64)
    with open(path) as file:
        if name == "yeast":
            rows = [line.split()[1:] for line in file if line.strip()]
        else:
            delimiter = "\t" if name == "wifi" else ","
            rows = [row for row in csv.reader(file, delimiter=delimiter) if row]
    table = np.array(rows)
    if name == "chess":
        for column in (0, 2, 4):
            table[:, column] = [str(ord(letter) - 96) for letter in table[:, column]]
    X = np.hstack([_numbers(column) for column in table[:, :-1].T])
    y = table[:, -1]
    return X, y.astype(np.float64) if name in REGRESSION else y


def _numbers(column):
    try:
        return column.astype(np.float64)[:, None]
    except ValueError:
        return OneHotEncoder(sparse_output=False).fit_transform(column[:, None])
