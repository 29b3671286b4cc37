"""Pulls from a real hub server on loopback, and holds the cache against Python's own client.

    pip install -r tests/parity/hub-requirements.txt
    python tests/parity/hub.py target/release/modeldesk

The server is olah, a mirror of the hub that also serves local git repositories. Both ways are
tried: what modeldesk fetched is read by `huggingface_hub` without a network, and what that fetched
is taken by modeldesk without another byte. Needs git.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ID = "org/tiny"
SOURCE = Path(__file__).parent / "pipelines" / "fill-mask"


class Upstream(BaseHTTPRequestHandler):
    """olah asks upstream whether a repository is visible: everything is."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(b"{}")

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


def free_port():
    with ThreadingHTTPServer(("127.0.0.1", 0), Upstream) as server:
        return server.server_address[1]


def repository(folder):
    """A git repository of a model, its weights in LFS; what its files are."""
    folder.mkdir(parents=True)
    files = {path.name: path.read_bytes() for path in SOURCE.iterdir()}
    files["README.md"] = b"---\nlicense: mit\n---\n# Tiny\n"
    for name, content in files.items():
        if name.endswith(".safetensors"):
            oid = hashlib.sha256(content).hexdigest()
            kept = folder / ".git" / "lfs" / "objects" / oid[:2] / oid[2:4] / oid
            pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(content)}\n"
            content = pointer.encode()
        (folder / name).write_bytes(content)
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@x", "-c", "init.defaultBranch=main"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "Tiny"]):
        subprocess.run([*git, *command], cwd=folder, check=True)
    for name, content in files.items():
        if name.endswith(".safetensors"):
            oid = hashlib.sha256(content).hexdigest()
            kept = folder / ".git" / "lfs" / "objects" / oid[:2] / oid[2:4] / oid
            kept.parent.mkdir(parents=True)
            kept.write_bytes(content)
    return files


def serve(root):
    """Starts olah; its address, and the process."""
    upstream = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    threading.Thread(target=upstream.serve_forever, daemon=True).start()
    port = free_port()
    config = root / "olah.toml"
    config.write_text(
        f"""
[basic]
host = "127.0.0.1"
port = {port}
repos-path = "{root / "repos"}"
hf-scheme = "http"
hf-netloc = "127.0.0.1:{upstream.server_address[1]}"
hf-lfs-netloc = "127.0.0.1:{upstream.server_address[1]}"
mirror-scheme = "http"
mirror-netloc = "127.0.0.1:{port}"
mirror-lfs-netloc = "127.0.0.1:{port}"
mirrors-path = ["{root / "mirrors"}"]

[accessibility]
offline = false
"""
    )
    log = open(root / "olah.log", "w")
    olah = Path(sys.executable).parent / "olah-cli"
    process = subprocess.Popen([olah, "-c", config], cwd=root, stdout=log, stderr=log)
    endpoint = f"http://127.0.0.1:{port}"
    for _ in range(200):
        try:
            urllib.request.urlopen(f"{endpoint}/api/models/{ID}/revision/main", timeout=5).read()
            return endpoint, process
        except OSError:
            time.sleep(0.1)
    process.kill()
    sys.exit(f"olah does not answer:\n{(root / 'olah.log').read_text()}")


def check(folder, files):
    for name, content in files.items():
        assert (Path(folder) / name).read_bytes() == content, name


def blobs(cache):
    found = (cache / "models--org--tiny" / "blobs").iterdir()
    return {blob.name: blob.stat().st_mtime_ns for blob in found}


def main():
    program = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        files = repository(root / "mirrors" / "models" / "org" / "tiny")
        endpoint, server = serve(root)
        try:
            os.environ.update(HF_ENDPOINT=endpoint, HF_HUB_DISABLE_XET="1", HF_HUB_DISABLE_TELEMETRY="1")
            from huggingface_hub import scan_cache_dir, snapshot_download

            def modeldesk(cache, *arguments, **more):
                environment = {**os.environ, "HF_HUB_CACHE": str(cache), "HOME": name, **more}
                for folder in ("DATA", "CONFIG", "CACHE", "STATE"):
                    environment[f"XDG_{folder}_HOME"] = str(root / folder)
                done = subprocess.run([program, *arguments, "--json"], env=environment, capture_output=True)
                assert done.returncode == 0, done.stderr.decode()
                return json.loads(done.stdout)

            ours, theirs = root / "ours", root / "theirs"
            pulled = modeldesk(ours, "pull", ID)
            assert pulled["fetched"] == sum(map(len, files.values())), pulled
            folder = snapshot_download(ID, local_files_only=True, cache_dir=ours)
            assert Path(folder) == Path(pulled["folder"]), (folder, pulled["folder"])
            check(folder, files)
            print(f"modeldesk fetched {pulled['fetched']} bytes, huggingface_hub reads them without a network")

            before = blobs(ours)
            snapshot_download(ID, cache_dir=ours)
            assert blobs(ours) == before
            scan = scan_cache_dir(ours)
            assert not scan.warnings and len(scan.repos) == 1, scan
            print(f"huggingface_hub fetches nothing more, and finds {scan.size_on_disk} bytes without a warning")

            snapshot_download(ID, cache_dir=theirs)
            pulled = modeldesk(theirs, "pull", ID)
            assert pulled["fetched"] == 0, pulled
            check(pulled["folder"], files)
            print("huggingface_hub fetched it, modeldesk checks it and fetches nothing more")

            # As an interrupted fetch leaves it.
            weights = next(file for file in pulled["files"] if file["name"] == "model.safetensors")
            blob = theirs / "models--org--tiny" / "blobs" / weights["hash"]
            content = blob.read_bytes()
            blob.unlink()
            Path(f"{blob}.modeldesk.incomplete").write_bytes(content[: len(content) // 2])
            pulled = modeldesk(theirs, "pull", ID)
            check(snapshot_download(ID, local_files_only=True, cache_dir=theirs), files)
            # olah ignores ranges, so all of them may come.
            assert pulled["fetched"] in (len(content), len(content) - len(content) // 2), pulled
            print(f"half of the weights was there: {pulled['fetched']} of {len(content)} bytes came")

            tried = modeldesk(theirs, "try", ID, "a [MASK] b", HF_HUB_OFFLINE="1")
            assert tried["task"] == "fill-mask", tried
            print("modeldesk tries it without a network")
        finally:
            server.kill()
            server.wait()


if __name__ == "__main__":
    main()
