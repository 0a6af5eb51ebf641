"""Has PyTorch write files, and the tests of our reader read them: read_pytorch.py FIXTURES_SCRIPT TEST_PROGRAM."""

import os
import subprocess
import sys
import tempfile

import torch

script, program = sys.argv[1:]
print("PyTorch", torch.__version__)
with tempfile.TemporaryDirectory() as folder:
    subprocess.run([sys.executable, script, folder], check=True)
    environment = dict(os.environ, PHEW_PYTORCH_FILES=folder)
    subprocess.run([program, "--run_test=pytorch_files", "--log_level=message"], check=True, env=environment)
