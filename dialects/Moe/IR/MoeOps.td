//===-- MoeOps.td - the ops of the sparse-routing dialect -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_MOE_IR_MOEOPS_TD
#define MOEC_DIALECTS_MOE_IR_MOEOPS_TD

include "dialects/Moe/IR/MoeBase.td"
include "dialects/Moe/IR/MoeFormOps.td"

def Moe_RouteOp : Moe_Op<"route", [AttrSizedOperandSegments]> {
  let summary = "router scores to k weights and expert ids a token";
  let description = [{
    For each token t, with `s = f32(scores[t])`:

    1. `p = softmax(s)` (`softmax_all`), `sigmoid(s)` (`sigmoid`), else `s`.
    2. `key = p + selection_bias`, without the bias `p`.
    3. With `groups = G > 1`, experts form G equal runs; a group scores its
       largest key (`max`) or the sum of its two largest (`top2_sum`); keys
       outside the `groups_kept` best groups become `group_fill`.
    4. The k largest keys are chosen, in descending order; among equal keys the
       `tie` rule says which index comes first, for groups as for experts.
    5. `w[j] = p[ids[j]]`; for `softmax_selected` the softmax of the chosen
       scores alone; with `keys_weigh` the key that was compared, which has the
       bias and, outside the kept groups, is `group_fill`.
    6. `renormalize`: `w /= max(n + epsilon, least_divisor)`, where n is
       `sum(w)`, or with `norm = q` the norm `sum(|w|^q)^(1/q)`; without
       `least_divisor` there is no maximum. Then `w *= scale`, and
       `w[j] *= expert_scale[ids[j]]`.
    7. `drop_nonpositive`: a choice of weight <= 0 is dropped.
    8. `capacity = C`: an expert keeps its first C choices in the order of
       (t, j); the rest are dropped.

    `sparse_mixer` replaces 1 to 5: k rounds; m is the largest score not yet
    chosen, experts with `(m - s) / max(|s|, m) > 2 * jitter` or already chosen
    are masked, and `w[j]` is the softmax over the unmasked at the largest.

    A dropped choice has id -1 and weight 0. **A row in which a key, or the
    weight of a choice, is NaN drops all its choices**, so the layer gives zero
    there, as ONNX Runtime's MoE does. With `propagate_nan` all its weights are
    NaN instead, and its ids any k in [0, E), so the layer gives NaN there, as
    TopK and the arithmetic of a graph do. k is the static second extent of the
    results; `k = E` is dense (soft) routing.

    Shapes: `scores` `[T, E]`, `selection_bias` and `expert_scale` `[E]`,
    `weights` and `ids` `[T, k]`.

    Sources: top-k gating, Shazeer et al., arXiv:1701.06538, in the form of ONNX
    Runtime's operators com.microsoft MoE and QMoE (tie rule, NaN, dropped
    weights); capacity, Lepikhin et al., arXiv:2006.16668; selection bias and
    groups, DeepSeek-V3, arXiv:2412.19437; keys that weigh, the group limit of
    DeepSeek-V2, arXiv:2405.04434, as published with it; the least divisor,
    norms and expert scales, the published code of ERNIE 4.5, DBRX and Gemma 4;
    the sparse mixer, Liu et al., arXiv:2310.00811, as in Phi-3.5-MoE.

    Constraints:
    * C1: `selection_bias` has as many elements as `scores` has columns.
    * C2: `weights` and `ids` have the same shape, and as many rows as `scores`.
    * C3: k is static, at least 1, and at most the number of experts.
    * C4: `groups` >= 1 divides the number of experts, which is then static, and
      1 <= `groups_kept` <= `groups`; `top2_sum` needs two experts a group.
    * C5: `capacity`, where given, is positive.
    * C6: `sparse_mixer` goes without selection bias, groups and renormalize;
      neither it nor `softmax_selected` goes with `keys_weigh`.
    * C7: `epsilon`, `scale`, `jitter`, `norm` and `least_divisor` are finite;
      `epsilon` and `jitter` are not negative, `norm` is positive.
    * C8: `norm` and `least_divisor` go with `renormalize` alone.
    * C9: `expert_scale` has as many elements as `scores` has columns.

    ```mlir
    %weights, %ids = moe.route
        ins(%scores : tensor<?x8xf32>)
        outs(%w, %i : tensor<?x2xf32>, tensor<?x2xi32>)
        {renormalize, score = #moe.score<softmax_all>, tie = #moe.tie<highest>}
        -> tensor<?x2xf32>, tensor<?x2xi32>
    ```
  }];
  let arguments = (ins Moe_Matrix:$scores,
      Optional<Moe_Shaped<[F32], [1]>>:$selection_bias,
      Optional<Moe_Shaped<[F32], [1]>>:$expert_scale,
      Moe_F32Matrix:$weights_init, Moe_IdMatrix:$ids_init,
      Moe_ScoreFunctionAttr:$score, Moe_TieRuleAttr:$tie,
      UnitAttr:$renormalize,
      DefaultValuedAttr<F32Attr, "0.0f">:$epsilon,
      DefaultValuedAttr<F32Attr, "1.0f">:$scale,
      DefaultValuedAttr<I64Attr, "1">:$groups,
      DefaultValuedAttr<I64Attr, "1">:$groups_kept,
      DefaultValuedAttr<Moe_GroupScoreAttr, "::moec::moe::GroupScore::Max">
          :$group_score,
      DefaultValuedAttr<F32Attr, "-std::numeric_limits<float>::infinity()">
          :$group_fill,
      DefaultValuedAttr<F32Attr, "0.01f">:$jitter,
      UnitAttr:$keys_weigh, OptionalAttr<F32Attr>:$norm,
      OptionalAttr<F32Attr>:$least_divisor,
      OptionalAttr<I64Attr>:$capacity,
      UnitAttr:$drop_nonpositive, UnitAttr:$propagate_nan);
  let assemblyFormat = [{
    `ins` `(` $scores (`,` $selection_bias^)? `:` type($scores)
        (`,` type($selection_bias)^)? `)`
    (`expert_scale` `(` $expert_scale^ `:` type($expert_scale) `)`)?
    `outs` `(` $weights_init `,` $ids_init `:` type($weights_init) `,`
        type($ids_init) `)`
    attr-dict (`->` type($results)^)?
  }];
  let resultNames = ["weights", "ids"];
  let numInits = 2;
}

def Moe_PlanOp : Moe_Op<"plan"> {
  let summary = "expert ids to rows grouped by expert";
  let description = [{
    Numbers the choices with id >= 0 so that those of one expert are
    consecutive, experts in ascending order, and within an expert in the order
    of (t, j). `offsets[e]` is the first row of expert e, `offsets[E]` the
    number of rows, at most R = T * k. `rows[r]` is the token of row r;
    elements past `offsets[E]` are unspecified. `inverse[t, j]` is the row of a
    choice, -1 for a dropped one. Ids outside [0, E) count as dropped.

    With `groups` `[S]`, ids are those of S experts of the source, and a choice
    of expert s counts as one of `groups[s]`: experts may share a group, and one
    whose group is outside [0, E) has none, so its choices are dropped. Within a
    group the order is that of (t, j), whichever expert was chosen.

    Shapes: `ids` and `inverse` `[T, k]`, `offsets` `[E + 1]`, `rows` `[R]`.

    Source: a stable counting sort, its result in the CSR form of MegaBlocks,
    Gale et al., arXiv:2211.15841.

    Constraints:
    * C1: `inverse` has the shape of `ids`.
    * C2: `rows` has as many elements as `ids`.
    * C3: `offsets` has at least 2 elements.
    * C4: `groups` has at least one element.

    ```mlir
    %offsets, %rows, %inverse = moe.plan ins(%ids : tensor<?x2xi32>)
        outs(%o, %r, %i : tensor<9xi32>, tensor<?xi32>, tensor<?x2xi32>)
        -> tensor<9xi32>, tensor<?xi32>, tensor<?x2xi32>
    ```
  }];
  let arguments = (ins Moe_IdMatrix:$ids, Optional<Moe_IdVector>:$groups,
                       Moe_IdVector:$offsets_init,
                       Moe_IdVector:$rows_init, Moe_IdMatrix:$inverse_init);
  let assemblyFormat = [{
    `ins` `(` $ids `:` type($ids) `)`
    (`groups` `(` $groups^ `:` type($groups) `)`)?
    `outs` `(` $offsets_init `,` $rows_init `,` $inverse_init `:`
        type($offsets_init) `,` type($rows_init) `,` type($inverse_init) `)`
    attr-dict (`->` type($results)^)?
  }];
  let resultNames = ["offsets", "rows", "inverse"];
  let numInits = 3;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() {
      return ::mlir::MutableOperandRange(
          getOperation(), getOperation()->getNumOperands() - 3, 3);
    }
    /// Experts that ids count; kDynamic if unknown.
    int64_t getNumSourceExperts();
  }];
}

def Moe_DispatchOp : Moe_Op<"dispatch"> {
  let summary = "the rows of x in expert order";
  let description = [{
    Row r of the result is `x[rows[r]]` for r < `offsets[E]`; the other rows are
    unspecified. A gather, which consumers that index do without.

    Shapes: `x` `[T, H]`, `rows` `[R]`, `offsets` `[E + 1]`, the result `[R, H]`.

    Source: the permutation of Shazeer et al., arXiv:1701.06538, section 3.1.

    Constraints:
    * C1: the result has as many rows as `rows` has elements.
    * C2: the result has as many columns, and the element type, of `x`.

    ```mlir
    %dispatched = moe.dispatch
        ins(%x, %rows, %offsets : tensor<?x64xf32>, tensor<?xi32>, tensor<9xi32>)
        outs(%o : tensor<?x64xf32>) -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins Moe_Matrix:$x, Moe_IdVector:$rows, Moe_IdVector:$offsets,
                       Moe_Matrix:$init);
  let assemblyFormat = [{
    `ins` `(` $x `,` $rows `,` $offsets `:` type($x) `,` type($rows) `,`
        type($offsets) `)`
    `outs` `(` $init `:` type($init) `)` attr-dict (`->` type($results)^)?
  }];
  let resultNames = ["dispatched"];
  let hasFolder = 1;
}

def Moe_PackPanelsOp : Moe_Op<"pack_panels"> {
  let summary = "weights of all experts in panels of 32 columns";
  let description = [{
    `[E, N, K]` (or, with `k_major`, `[E, K, N]`) to `[E, ceil(N/32), K, 32]`:
    element `[e, p, k, j]` is column `32 p + j`, depth k, of expert e. With
    `gated`, source columns 2i and 2i+1 are gate and up of output column i, and
    a panel holds 16 gate columns, then their 16 up columns: `[e, p, k, j]` is
    column `2 (16 p + j)` for j < 16, `2 (16 p + j - 16) + 1` else. Columns past
    N are zero.

    Source: packed panels, Goto and van de Geijn, doi:10.1145/1356052.1356053;
    the order inside a panel is this compiler's own.

    Constraints:
    * C1: source and result have the same element type, which is a float.
    * C2: the number of experts and K agree.
    * C3: the result has ceil(N/32) panels of 32 columns.
    * C4: with `gated`, N is even.

    ```mlir
    %packed = moe.pack_panels ins(%w : tensor<8x96x64xf32>)
        outs(%o : tensor<8x3x64x32xf32>) {gated} -> tensor<8x3x64x32xf32>
    ```
  }];
  let arguments = (ins Moe_Shaped<[Moe_Float], [3]>:$weights,
                       Moe_Shaped<[Moe_Float], [4]>:$init,
                       UnitAttr:$k_major, UnitAttr:$gated);
  let assemblyFormat = [{
    `ins` `(` $weights `:` type($weights) `)`
    `outs` `(` $init `:` type($init) `)` attr-dict (`->` type($results)^)?
  }];
  let resultNames = ["packed"];
}

def Moe_GroupedMatmulOp : Moe_Op<"grouped_matmul", [AttrSizedOperandSegments]> {
  let summary = "each group of rows times the matrix of its expert";
  let description = [{
    For each expert e and each row r with `offsets[e] <= r < offsets[e+1]`:

        h         = x[rows[r]] . W[e] + bias[e]      (without `rows`: x[r])
        result[r] = activation(h)

    Rows past `offsets[E]` are unspecified. Without `offsets` every matrix has
    `R / E` rows, in order: a product of two activations, such as queries and
    keys, which is no layer of experts. Products are summed in f32; the
    result is rounded once, to its own element type, which may be f32 where x is
    f16 or bf16.

    `W[e]` is K by N and lies as `layout` says: `nk` `[E, N, K]`, `kn`
    `[E, K, N]`, `panels` `[E, ceil(N/32), K, 32]` as made by `moe.pack_panels`,
    with N in the attribute `n`. With a gated activation, columns 2i and 2i+1 of
    W and of `bias` are gate and up of column i of the result, which has N/2
    columns; panels are then those of `pack_panels {gated}`, while `bias` keeps
    the interleaved order.

    Weights in a format of fewer bits (`quant`, a weight format such as
    `#moe.quant`) are codes in layout `nk`, `[E, N, bytes of K]`, and stand for
    value * scale * global scale: `scales` are `[E, N]` or `[E, N, blocks of K]`,
    with a format whose blocks have several rows `[E, blocks of N, blocks of K]`,
    `global_scales` `[E]`. Scales are floats, or floats of eight bits (bytes are
    `f8E8M0FNU`, powers of two). `zero_points` are codes, packed as the weights
    are: `[E, bytes of N]` where a row has one, `[E, N, bytes of blocks]` else.

    Shapes: `x` `[T, K]` with `rows` `[R]`, without `[R, K]`; `offsets`
    `[E + 1]`, `bias` `[E, N]`, the result `[R, N]` or `[R, N/2]`.

    Source: the grouped product of MegaBlocks, Gale et al., arXiv:2211.15841;
    activations as `#moe.activation` names them.

    Constraints:
    * C1: weights of layout `panels` have rank 4 and 32 columns a panel, others
      rank 3.
    * C2: `n` is given exactly for layout `panels`, and fits the panels.
    * C3: K of the weights is the number of columns of x.
    * C4: `offsets` has E + 1 elements; without, R is a multiple of E.
    * C5: the result has as many rows as `rows` has elements (without: as x).
    * C6: the result has N columns, with a gated activation N/2 and N is even.
    * C7: `bias` is E by N.
    * C8: `quant` is given exactly where the weights are codes, then with layout
      `nk` and `scales`, `zero_points` and `global_scales` of the kinds and
      shapes that the format takes; scales may be absent where there are global
      ones.
    * C9: the result's element type is f32, or that of x, of the weights or of
      the scales.

    ```mlir
    %y = moe.grouped_matmul
        ins(%x, %w, %offsets : tensor<?x64xf32>, tensor<8x3x64x32xf32>, tensor<9xi32>)
        rows(%rows : tensor<?xi32>) bias(%b : tensor<8x96xf32>)
        outs(%o : tensor<?x48xf32>)
        {activation = #moe.activation<swiglu>, layout = #moe.layout<panels>, n = 96}
        -> tensor<?x48xf32>
    ```
  }];
  let arguments = (ins Moe_Matrix:$x, Moe_Weights:$weights,
      Optional<Moe_IdVector>:$offsets, Optional<Moe_IdVector>:$rows,
      Optional<Moe_Matrix>:$bias, Optional<Moe_Scales>:$scales,
      Optional<Moe_ZeroPoints>:$zero_points,
      Optional<Moe_GlobalScales>:$global_scales,
      Moe_Matrix:$init, Moe_LayoutAttr:$layout, OptionalAttr<I64Attr>:$n,
      Moe_ActivationAttr:$activation, OptionalAttr<Moe_FormatAttr>:$quant);
  let builders = [
    /// Without zero points and global scales.
    OpBuilder<(ins "::mlir::TypeRange":$results, "::mlir::Value":$x,
        "::mlir::Value":$weights, "::mlir::Value":$offsets,
        "::mlir::Value":$rows, "::mlir::Value":$bias, "::mlir::Value":$scales,
        "::mlir::Value":$init, "::moec::moe::LayoutAttr":$layout,
        "::mlir::IntegerAttr":$n, "::moec::moe::ActivationAttr":$activation,
        "::moec::moe::WeightFormat":$quant), [{
      build($_builder, $_state, results, x, weights, offsets, rows, bias, scales,
            ::mlir::Value(), ::mlir::Value(), init, layout, n, activation,
            quant);
    }]>];
  let assemblyFormat = [{
    `ins` `(` $x `,` $weights (`,` $offsets^)? `:` type($x) `,` type($weights)
        (`,` type($offsets)^)? `)`
    (`rows` `(` $rows^ `:` type($rows) `)`)?
    (`bias` `(` $bias^ `:` type($bias) `)`)?
    (`scales` `(` $scales^ `:` type($scales) `)`)?
    (`zero_points` `(` $zero_points^ `:` type($zero_points) `)`)?
    (`global_scales` `(` $global_scales^ `:` type($global_scales) `)`)?
    `outs` `(` $init `:` type($init) `)` attr-dict (`->` type($results)^)?
  }];
  let resultNames = ["grouped"];
  let hasFolder = 1;
  let hasCanonicalizer = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
    int64_t getNumExperts();
    /// True columns N of the product, and its depth K; kDynamic if unknown.
    int64_t getNumColumns();
    int64_t getDepth();
    /// Whether code generation has its own code for this form: floats, in panels
    /// where gate and up are columns of them, or codes of 2, 4 or 8 bits.
    /// Others become plain loops.
    bool ownsSchedule();
  }];
}

def Moe_ExpertFfnOp : Moe_Op<"expert_ffn", [AttrSizedOperandSegments]> {
  let summary = "the feed-forward networks of all experts";
  let description = [{
    For each expert e and each row r with `offsets[e] <= r < offsets[e+1]`:

        h         = x[rows[r]] . w1[e]^T + bias1[e]
        a         = activation(h)
        result[r] = a . w2[e]^T + bias2[e]

    Rows past `offsets[E]` are unspecified. Weights lie as ONNX has them, `w1`
    `[E, N, H]` and `w2` `[E, H', I]`; N = I, for a gated activation N = 2I with
    gate and up in columns 2i and 2i+1 of h. With `fc3` (`w3` `[E, I, H]`) the
    activation is `act(h) * h3` with `h3 = x . w3^T + bias3`; for a gated one
    h is the gate, h3 the up projection, and N = I. Weights may be codes with
    `quant`, scales, zero points and global scales, as in `moe.grouped_matmul`;
    those of w2 and w3 have the formats `quant2` and `quant3` where they differ
    from `quant`, that of w1. Everything is f32 until the result is rounded to
    its own element type.

    Shapes: `x` `[T, H]`, `rows` `[R]`, `offsets` `[E + 1]`, `bias1` `[E, N]`,
    `bias2` `[E, H']`, `bias3` `[E, I]`, the result `[R, H']`.

    Sources: Shazeer et al., arXiv:1701.06538; gated forms, Shazeer,
    arXiv:2002.05202; both as ONNX Runtime's com.microsoft MoE has them.

    Constraints:
    * C1: `w1` is E by N by H, H the columns of x (in codes, where quantised).
    * C2: `w2` is E by H' by I, H' the columns of the result, and N = I, or
      N = 2I for a gated activation without `fc3`.
    * C3: `offsets` has E + 1 elements.
    * C4: the result has as many rows as `rows` has elements.
    * C5: `bias1` is E by N, `bias2` E by H', `bias3` E by I.
    * C6: `w3` is E by I by H; `bias3`, `scales3`, `zero_points3` and
      `global_scales3` come only with it.
    * C7: `quant` is given exactly where the weights are codes, then each with
      scales, zero points and global scales as C8 of `moe.grouped_matmul` says;
      `quant2` and `quant3` come only with it.
    * C8: the result's element type is x's, or f32.

    ```mlir
    %y = moe.expert_ffn
        ins(%x, %rows, %offsets, %w1, %w2 : tensor<?x64xf32>, tensor<?xi32>,
            tensor<9xi32>, tensor<8x96x64xf32>, tensor<8x64x48xf32>)
        bias1(%b1 : tensor<8x96xf32>) outs(%o : tensor<?x64xf32>)
        {activation = #moe.activation<swiglu>} -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins Moe_Matrix:$x, Moe_IdVector:$rows, Moe_IdVector:$offsets,
      Moe_Weights3:$w1, Moe_Weights3:$w2,
      Optional<Moe_Matrix>:$bias1, Optional<Moe_Matrix>:$bias2,
      Optional<Moe_Scales>:$scales1, Optional<Moe_Scales>:$scales2,
      Optional<Moe_Weights3>:$w3, Optional<Moe_Matrix>:$bias3,
      Optional<Moe_Scales>:$scales3,
      Optional<Moe_ZeroPoints>:$zero_points1,
      Optional<Moe_ZeroPoints>:$zero_points2,
      Optional<Moe_ZeroPoints>:$zero_points3,
      Optional<Moe_GlobalScales>:$global_scales1,
      Optional<Moe_GlobalScales>:$global_scales2,
      Optional<Moe_GlobalScales>:$global_scales3,
      Moe_Matrix:$init, Moe_ActivationAttr:$activation,
      OptionalAttr<Moe_FormatAttr>:$quant,
      OptionalAttr<Moe_FormatAttr>:$quant2,
      OptionalAttr<Moe_FormatAttr>:$quant3);
  let builders = [
    /// Without zero points and global scales, all weights of one format.
    OpBuilder<(ins "::mlir::TypeRange":$results, "::mlir::Value":$x,
        "::mlir::Value":$rows, "::mlir::Value":$offsets, "::mlir::Value":$w1,
        "::mlir::Value":$w2, "::mlir::Value":$bias1, "::mlir::Value":$bias2,
        "::mlir::Value":$scales1, "::mlir::Value":$scales2,
        "::mlir::Value":$w3, "::mlir::Value":$bias3, "::mlir::Value":$scales3,
        "::mlir::Value":$init, "::moec::moe::ActivationAttr":$activation,
        "::moec::moe::WeightFormat":$quant), [{
      ::mlir::Value none;
      build($_builder, $_state, results, x, rows, offsets, w1, w2, bias1, bias2,
            scales1, scales2, w3, bias3, scales3, none, none, none, none, none,
            none, init, activation, quant, nullptr, nullptr);
    }]>];
  let assemblyFormat = [{
    `ins` `(` $x `,` $rows `,` $offsets `,` $w1 `,` $w2 `:` type($x) `,`
        type($rows) `,` type($offsets) `,` type($w1) `,` type($w2) `)`
    (`bias1` `(` $bias1^ `:` type($bias1) `)`)?
    (`bias2` `(` $bias2^ `:` type($bias2) `)`)?
    (`scales1` `(` $scales1^ `:` type($scales1) `)`)?
    (`scales2` `(` $scales2^ `:` type($scales2) `)`)?
    (`fc3` `(` $w3^ `:` type($w3) `)`)?
    (`bias3` `(` $bias3^ `:` type($bias3) `)`)?
    (`scales3` `(` $scales3^ `:` type($scales3) `)`)?
    (`zero_points1` `(` $zero_points1^ `:` type($zero_points1) `)`)?
    (`zero_points2` `(` $zero_points2^ `:` type($zero_points2) `)`)?
    (`zero_points3` `(` $zero_points3^ `:` type($zero_points3) `)`)?
    (`global_scales1` `(` $global_scales1^ `:` type($global_scales1) `)`)?
    (`global_scales2` `(` $global_scales2^ `:` type($global_scales2) `)`)?
    (`global_scales3` `(` $global_scales3^ `:` type($global_scales3) `)`)?
    `outs` `(` $init `:` type($init) `)` attr-dict (`->` type($results)^)?
  }];
  let resultNames = ["experts"];
  let hasFolder = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
    int64_t getNumExperts();
    /// The formats of w2 and w3; null where the weights are floats.
    ::moec::moe::WeightFormat getFormat2() {
      return getQuant2() ? *getQuant2() : getQuant().value_or(nullptr);
    }
    ::moec::moe::WeightFormat getFormat3() {
      return getQuant3() ? *getQuant3() : getQuant().value_or(nullptr);
    }
    /// Whether one matrix product makes gate and up, interleaved.
    bool isInterleaved() { return getActivation().isGated() && !getW3(); }
  }];
}

def Moe_CombineOp : Moe_Op<"combine"> {
  let summary = "the weighted sum of the rows of each token";
  let description = [{
    `result[t] = sum over j of weights[t, j] * y[inverse[t, j]]`, where an
    inverse of -1 adds nothing (a weight of zero does add: 0 * inf is NaN); with
    `propagate_nan` it counts as a row of zeros, so that a weight of NaN still
    makes the result NaN. The sum is in f32 and in the order of j, whatever the number of threads, and is
    rounded once to the element type of the result.

    Shapes: `y` `[R, H]`, `inverse` and `weights` `[T, k]`, the result `[T, H]`.

    Source: the weighted sum of Shazeer et al., arXiv:1701.06538, equation 1.

    Constraints:
    * C1: `inverse` and `weights` have the same shape.
    * C2: the result has as many rows as `inverse`.
    * C3: the result has as many columns as `y`.

    ```mlir
    %combined = moe.combine ins(%y, %inverse, %weights : tensor<?x64xf32>,
        tensor<?x2xi32>, tensor<?x2xf32>)
        outs(%o : tensor<?x64xf16>) -> tensor<?x64xf16>
    ```
  }];
  let arguments = (ins Moe_Matrix:$y, Moe_IdMatrix:$inverse,
                       Moe_F32Matrix:$weights, Moe_Matrix:$init,
                       UnitAttr:$propagate_nan);
  let assemblyFormat = [{
    `ins` `(` $y `,` $inverse `,` $weights `:` type($y) `,` type($inverse) `,`
        type($weights) `)`
    `outs` `(` $init `:` type($init) `)` attr-dict (`->` type($results)^)?
  }];
  let resultNames = ["combined"];
  let hasFolder = 1;
}

#endif // MOEC_DIALECTS_MOE_IR_MOEOPS_TD
