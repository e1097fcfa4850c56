"""The published rules of NATS-Bench's interface, written plainly over what its files hold: dictionaries and loops."""

import bz2
import pickle
import random
from pathlib import Path

PARTS = {"cifar10-valid": "train set", "cifar10": "train+valid sets"}

COMMENT = (
    "In this dict, train-loss/accuracy/time is the metric on the PART of CIFAR-10. The test-loss/accuracy/time is the "
    "performance of the CIFAR-10 test set after training on the PART by HP epochs. The per-time and total-time "
    "indicate the per epoch and total time costs, respectively."
)


def load(path):
    with bz2.open(path) as file:
        return pickle.load(file)


def added(values):
    """Add up from left to right, as Python 3.8 does."""
    whole = 0
    for value in values:
        whole = whole + value
    return whole


def mean(values):
    values = list(values)
    return added(values) / len(values)


class Plain:
    """Answers from the dictionaries of a folder, all of whose files are loaded, or those of some architectures."""

    def __init__(self, folder, indices=None):
        folder = Path(folder)
        self.archs = load(folder / "meta.pickle.pbz2")["meta_archs"]
        files = sorted(folder.glob("[0-9]*.pickle.pbz2"))
        numbers = {int(file.name.split(".")[0]): file for file in files}
        self.states = {index: load(file) for index, file in numbers.items() if indices is None or index in indices}
        self.used_time = 0

    def results(self, index, hp, data):
        """Give the seeds, ascending, and the state of each training."""
        state = self.states[index][str(hp)]
        seeds = state["dataset_seed"][data]
        return seeds, [state["all_results"][data, seed] for seed in seeds]

    @staticmethod
    def train(result, iepoch):
        last = result["epochs"] - 1 if iepoch is None else iepoch
        if last < 0 or last >= result["epochs"]:
            raise ValueError(last)
        times = result["train_times"]
        return {
            "iepoch": last,
            "loss": result["train_losses"][last],
            "accuracy": result["train_acc1es"][last],
            "cur_time": None if times is None else times[last],
            "all_time": None if times is None else added(times[i] for i in range(last + 1)),
        }

    @staticmethod
    def evaluation(result, split, iepoch):
        last = result["epochs"] - 1 if iepoch is None else iepoch
        if last < 0 or last >= result["epochs"]:
            raise ValueError(last)
        times, key = result["eval_times"], f"{split}@{last}"
        found = {"iepoch": last, "loss": None, "accuracy": None, "cur_time": None, "all_time": None}
        if times:
            found["cur_time"] = times[key]
            found["all_time"] = added(times[f"{split}@{i}"] for i in range(last + 1))
        found["loss"], found["accuracy"] = result["eval_losses"][key], result["eval_acc1es"][key]
        return found

    def metrics(self, index, hp, data, split, iepoch=None, seed=False):
        seeds, results = self.results(index, hp, data)
        ask = self.train if split == "train" else lambda result, i: self.evaluation(result, split, i)
        infos = [ask(result, iepoch) for result in results]
        if seed is True:
            return infos[random.randint(0, len(infos) - 1)]
        if seed is False:
            return {
                key: None if value is None else mean(info[key] for info in infos) for key, value in infos[0].items()
            }
        if seed not in seeds:
            raise ValueError(seed)
        return infos[seeds.index(seed)]

    def get_more_info(self, index, data, iepoch=None, hp="12", is_random=True):
        seeds, _ = self.results(index, hp, data)
        if is_random is True:
            is_random = random.choice(seeds)
        train = self.metrics(index, hp, data, "train", iepoch, is_random)
        found, epochs = {}, train["iepoch"] + 1
        self.enter(found, "train", train, epochs)
        if data in PARTS:
            found["comment"] = COMMENT.replace("PART", PARTS[data]).replace("HP", str(hp))
        if data == "cifar10-valid":
            self.enter(found, "valid", self.metrics(index, hp, data, "x-valid", iepoch, is_random), epochs)
            splits = {"test": "ori-test"}
        elif data == "cifar10":
            splits = {"valid": "x-valid", "test": "ori-test"}
        else:
            splits = {"valid": "x-valid", "test": "x-test", "valtest": "ori-test"}
        for title, split in splits.items():
            try:
                info = self.metrics(index, hp, data, split, iepoch, is_random)
            except (KeyError, ValueError):
                continue
            self.enter(found, title, info, epochs)
        return found

    @staticmethod
    def enter(found, title, info, epochs):
        seconds = info["all_time"]
        found[f"{title}-loss"], found[f"{title}-accuracy"] = info["loss"], info["accuracy"]
        found[f"{title}-per-time"] = None if seconds is None else seconds / epochs
        found[f"{title}-all-time"] = seconds

    def simulate_train_eval(self, index, data, iepoch=None, hp="12", account_time=True):
        source = {"cifar10": "cifar10-valid", "cifar100": "cifar100", "ImageNet16-120": "ImageNet16-120"}[data]
        info = self.get_more_info(index, source, iepoch, hp, True)
        if "valid-accuracy" in info:
            accuracy, cost = info["valid-accuracy"], info["train-all-time"] + info["valid-per-time"]
        else:
            accuracy = info["valtest-accuracy"]
            cost = info["train-all-time"] + self.get_more_info(index, data, None, hp, True)["valid-per-time"]
        latency = self.get_cost_info(index, data, hp)["latency"]
        if account_time:
            self.used_time += cost
        return accuracy, latency, cost, self.used_time

    def get_cost_info(self, index, data, hp="12"):
        seeds, results = self.results(index, hp, data)

        def agreed(values):
            if len({f"{value:.5f}" for value in values}) > 1:
                return values[seeds.index(888)]
            return mean(values)

        latencies = [mean(result["latency"]) if result["latency"] else -1.0 for result in results]
        latencies = [latency for latency in latencies if latency > 0]
        found = {
            "flops": agreed([result["flop"] for result in results]),
            "params": agreed([result["params"] for result in results]),
            "latency": mean(latencies) if latencies else None,
        }
        times = {}
        for result in results:
            for key, value in self.times(result).items():
                times.setdefault(key, []).append(value)
        return found | {key: None if values[0] is None else mean(values) for key, values in times.items()}

    @staticmethod
    def times(result):
        found = {"T-train@epoch": None, "T-train@total": None}
        if result["train_times"] is not None:
            seconds = list(result["train_times"].values())
            found = {"T-train@epoch": mean(seconds), "T-train@total": added(seconds)}
        for name in result["eval_names"]:
            found[f"T-{name}@epoch"] = found[f"T-{name}@total"] = None
            if all(f"{name}@{i}" in result["eval_times"] for i in range(result["epochs"])):
                seconds = [result["eval_times"][f"{name}@{i}"] for i in range(result["epochs"])]
                found[f"T-{name}@epoch"], found[f"T-{name}@total"] = mean(seconds), added(seconds)
        return found

    def find_best(self, data, split, flop_max=None, param_max=None, hp="12"):
        tests = {"cifar10": "ori-test", "cifar100": "x-test", "ImageNet16-120": "x-test"}
        names = {"valid": "x-valid", "test": tests.get(data, "test")}
        if data == "cifar10" and split == "valid":
            data = "cifar10-valid"
        best, highest = -1, None
        for index in sorted(self.states):
            costs = self.get_cost_info(index, data, hp)
            if flop_max is not None and costs["flops"] > flop_max:
                continue
            if param_max is not None and costs["params"] > param_max:
                continue
            accuracy = self.metrics(index, hp, data, names.get(split, split))["accuracy"]
            if highest is None or highest < accuracy:
                best, highest = index, accuracy
        return best, highest

    def statistics(self, data, hp):
        counts = {}
        for state in self.states.values():
            number = len(state[str(hp)]["dataset_seed"].get(data, []))
            counts[number] = counts.get(number, 0) + 1
        return counts

    def get_net_config(self, index, data):
        state = next(iter(self.states[index].values()))
        config = state["all_results"][data, state["dataset_seed"][data][0]]["arch_config"]
        if config.get("name") == "infer.shape.tiny":
            keys = {"name": "name", "channels": "channels", "genotype": "genotype", "num_classes": "class_num"}
            return {new: config[old] for new, old in keys.items()}
        keys = {"C": "channel", "N": "num_cells", "arch_str": "arch_str", "num_classes": "class_num"}
        return {"name": "infer.tiny"} | {new: config[old] for new, old in keys.items()}

    def described(self, index, hp, size, extra=None):
        """Give the lines that the published code prints."""
        names = list(self.states[index][str(hp)]["dataset_seed"])
        lines = [self.archs[index], f"datasets : {names}, extra-info : {extra}"]
        for name in names:
            costs = self.get_cost_info(index, name, hp)
            latency = "None" if costs["latency"] is None else format(1000 * costs["latency"], ".2f")
            flops, params = format(costs["flops"], "6.2f"), format(costs["params"], ".3f")
            lines.append(name.ljust(14) + f" FLOP={flops} M, Params={params} MB, latency={latency} ms.")
            titles = {"train": "train", "valid": "x-valid", "test": "x-test"}
            if name == "cifar10":
                titles = {"train": "train", "test ": "ori-test"}
            elif name == "cifar10-valid":
                titles = {"train": "train", "valid": "x-valid"} | ({"test": "ori-test"} if size else {})
            parts = []
            for title, split in titles.items():
                info = self.metrics(index, hp, name, split)
                loss, accuracy = format(info["loss"], ".3f"), format(info["accuracy"], ".2f")
                parts.append(f"{title} : [loss = {loss} & top1 = {accuracy}%]")
            lines.append(name.ljust(14) + " " + ", ".join(parts))
        return "\n".join(lines)
