//===-- WriteFakeWeights.cpp - writes the weights of libfake.so -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "FakeModel.h"

#include <cstdio>

int main(int argc, char **argv) {
  if (argc != 2)
    return 2;
  moec::testing::FakeModel model;
  FILE *file = fopen(argv[1], "wb");
  bool written = file && fwrite(model.weights.data, 1, model.weights.size,
                                file) == model.weights.size;
  return file && fclose(file) == 0 && written ? 0 : 1;
}
