# SPDX-License-Identifier: Apache-2.0
"""The two kinds of registries that the benchmark talks to."""
import http.client
import os
import shutil
import socket
import subprocess
import time

CONFIGURATION = """version: 0.1
log:
  level: error
  accesslog:
    disabled: true
storage:
  filesystem:
    rootdirectory: {directory}
    maxthreads: 100
http:
  addr: {host}
"""


def free_host():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return "127.0.0.1:%d" % listener.getsockname()[1]


class Registry:
    """Debian's docker-registry; `directory` is what it serves."""

    def __init__(self, directory, host):
        self.directory, self.host = directory, host
        os.makedirs(directory, exist_ok=True)
        with open(directory + ".yml", "w", encoding="ascii") as file:
            file.write(CONFIGURATION.format(directory=directory, host=host))
        with open(directory + ".log", "wb") as log:
            self.process = subprocess.Popen(
                ["docker-registry", "serve", directory + ".yml"], stdout=log, stderr=log
            )
        for _ in range(200):
            try:
                self.connect().request("GET", "/v2/")
                return
            except OSError:
                time.sleep(0.05)
        raise SystemExit(f"bench: docker-registry does not answer; see {directory}.log")

    def connect(self):
        return http.client.HTTPConnection(self.host)

    def cpu_seconds(self):
        """User and system time so far."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def sent_bytes(self):
        """All that it has written so far. Of a registry that is only read from: answers, headers included."""
        with open(f"/proc/{self.process.pid}/io", encoding="ascii") as file:
            return int(dict(line.split() for line in file)["wchar:"])

    def clear(self):
        """It keeps nothing in memory: without its files it is empty."""
        shutil.rmtree(self.directory + "/docker", ignore_errors=True)

    def count_blobs(self):
        top = self.directory + "/docker/registry/v2/blobs/sha256"
        return sum(len(os.listdir(f"{top}/{name}")) for name in os.listdir(top))

    def begin_uploads(self, blobs):
        """The locations of one upload a blob."""
        connection, locations = self.connect(), []
        for digest, repository, _ in blobs:
            connection.request("POST", f"/v2/{repository}/blobs/uploads/", headers={"Content-Length": "0"})
            answer = connection.getresponse()
            answer.read()
            location = answer.getheader("Location")
            if answer.status != 202 or not location:
                raise SystemExit(f"bench: POST of an upload: {answer.status}")
            locations.append(f"{location}{'&' if '?' in location else '?'}digest={digest}")
        return locations

    def stop(self):
        self.process.terminate()
        self.process.wait()


class FakeRegistry:
    """The tests' own registry with one listener "a" and its requests in DIRECTORY/log/a.log.

    Its port is known only when it runs, and its content must name it: so that names NAME, and
    `configuration` is a registries.conf that tells where NAME is.
    """

    NAME = "registry.example"

    def __init__(self, program, directory, rules):
        self.log = f"{directory}/log/a.log"
        os.makedirs(os.path.dirname(self.log))
        with open(f"{directory}/scenario", encoding="ascii") as file:
            statements = file.read()
        with open(f"{directory}/whole-scenario", "w", encoding="ascii") as file:
            file.write(f"listener a\n{statements}{rules}\n")
        self.process = subprocess.Popen(
            [program, "--log", f"{directory}/log", f"{directory}/whole-scenario"],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.host = None
        for line in self.process.stdout:
            if line.startswith("ready"):
                break
            self.host = line.split()[2]
        if not self.host:
            raise SystemExit("bench: the fake registry does not start")
        self.configuration = f"{directory}/registries.conf"
        with open(self.configuration, "w", encoding="ascii") as file:
            file.write(f'[[registry]]\nprefix = "{self.NAME}"\nlocation = "{self.host}"\ninsecure = true\n')

    def body_bytes(self):
        """Sent in answers, whether somebody had a use for them or not."""
        with open(self.log, encoding="ascii", errors="replace") as file:
            return sum(int(line.split()[4]) for line in file)

    def stop(self):
        self.process.terminate()
        self.process.wait()
