# lit configuration: tests are found beside this file, run in the build tree.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import os

import lit.formats

config.name = "moec"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "oracle"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.moec_binary_dir, "test")

# The sanitizers do not run under an emulator.
if config.moec_sanitize == "ON":
    config.available_features.add("sanitize")

# Minutes of a core.
if os.environ.get("MOEC_LONG_TESTS"):
    config.available_features.add("long")

binaries = os.path.join(config.moec_binary_dir, "bin")
config.environment["PATH"] = os.pathsep.join(
    [binaries, config.llvm_tools_dir, os.environ.get("PATH", "")]
)
# The interpreter with numpy, onnx and onnxruntime (see requirements-test.txt).
config.substitutions.append(("%python", os.environ.get("MOEC_PYTHON", "python3")))
config.substitutions.append(("%bin", binaries))
config.substitutions.append(("%cc", config.moec_c_compiler))
config.substitutions.append(("%conformance", os.path.join(config.moec_binary_dir, "test", "Conformance", "conformance")))
config.substitutions.append(("%moec_src", os.path.dirname(config.test_source_root)))
config.substitutions.append(("%moec_docs", os.path.join(config.moec_binary_dir, "docs")))
config.substitutions.append(("%plant", os.path.join(config.moec_binary_dir, "test", "Fuzz", "moec-plant")))
config.substitutions.append(("%validate", os.path.join(config.moec_binary_dir, "test", "Fuzz", "moec-validate")))
config.substitutions.append(("%fixtures", os.path.join(config.test_source_root, "fixtures", "models")))
config.substitutions.append(("%compare", os.environ.get("MOEC_PYTHON", "python3") + " " + os.path.join(config.test_source_root, "EndToEnd", "compare.py")))
