/*===-- main.c - a program with a compiled model
------------------------------===*\
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===------------------------------------------------------------------------===*/
#include "sum.h"

#include <stdio.h>

enum { ROWS = 2, COLUMNS = 100 };

/** y = x + w, where element i of w is i / 4. */
int main(void) {
  static float x[ROWS][COLUMNS], y[ROWS][COLUMNS];
  moec_session *session = NULL;
  moec_tensor inputs[SUM_NUM_INPUTS] = {{0}}, outputs[SUM_NUM_OUTPUTS] = {{0}};
  int row, column, status;
  for (row = 0; row < ROWS; ++row)
    for (column = 0; column < COLUMNS; ++column)
      x[row][column] = (float)(row * column);
  inputs[SUM_INPUT_X].data = x;
  inputs[SUM_INPUT_X].dtype = MOEC_FLOAT;
  inputs[SUM_INPUT_X].rank = 2;
  inputs[SUM_INPUT_X].shape[0] = ROWS;
  inputs[SUM_INPUT_X].shape[1] = COLUMNS;
  inputs[SUM_INPUT_X].capacity = sizeof(x);
  outputs[SUM_OUTPUT_Y].data = y;
  outputs[SUM_OUTPUT_Y].capacity = sizeof(y);
  status = sum_create(&session);
  if (status == MOEC_OK)
    status = sum_run(session, inputs, outputs);
  sum_destroy(session);
  for (row = 0; row < ROWS && status == MOEC_OK; ++row)
    for (column = 0; column < COLUMNS; ++column)
      if (y[row][column] != x[row][column] + (float)column / 4)
        status = -1;
  printf("status %d\n", status);
  return status != MOEC_OK;
}
