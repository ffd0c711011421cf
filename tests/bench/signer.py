# SPDX-License-Identifier: Apache-2.0
"""A key of the benchmark's own, and the store with what it has signed."""
import json
import os
import subprocess


class Signer:
    """Everything is below `directory`: GnuPG's home, the public key `key`, and the store with the URL `store`."""

    def __init__(self, directory):
        self.home, self.key = f"{directory}/gnupg", f"{directory}/key.asc"
        self.signatures = f"{directory}/signatures"
        self.store = "file://" + self.signatures
        os.makedirs(self.signatures)
        os.mkdir(self.home, 0o700)

    def make_key(self):
        self.gpg("--quick-gen-key", "bench <bench@example.com>", "rsa4096", "sign", "never")
        with open(self.key, "wb") as file:
            file.write(self.gpg("--armor", "--export"))

    def gpg(self, *arguments, message=b""):
        command = ["gpg", "--homedir", self.home, "--batch", "--quiet", "--no-tty", "--pinentry-mode", "loopback"]
        done = subprocess.run([*command, "--passphrase", "", *arguments], input=message, capture_output=True)
        if done.returncode:
            raise SystemExit(f"bench: gpg {arguments[0]}: {done.stderr.decode(errors='replace')}")
        return done.stdout

    def sign(self, digest, reference):
        critical = {
            "type": "atomic container signature",
            "image": {"docker-manifest-digest": digest},
            "identity": {"docker-reference": reference},
        }
        optional = {"creator": "bench", "timestamp": 1483228800}
        message = json.dumps({"critical": critical, "optional": optional}).encode()
        place = f"{self.signatures}/{digest.replace(':', '=')}"
        os.mkdir(place)
        with open(place + "/signature-1", "wb") as file:
            file.write(self.gpg("--sign", message=message))

    def stop(self):
        """GnuPG's agent is not our child; it is asked to leave."""
        subprocess.run(["gpgconf", "--homedir", self.home, "--kill", "all"], check=False)
