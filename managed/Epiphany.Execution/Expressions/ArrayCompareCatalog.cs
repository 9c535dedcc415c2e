// Execution layer, expressions. value op ANY (array) and value op ALL (array): sets for equality, else one comparison for each element.

using System;
using System.Collections.Generic;

namespace Epiphany.Execution;

/// <summary>What the program says of one; <paramref name="Id"/> is that of the whole expression.</summary>
sealed record ArrayCompareSite(
    ValueType Type, bool IsAny, uint Function, uint Collation, CallFlags Flags, ValueType Element, char Alignment, Expression Value, Expression Array,
    int Id, IExecutionHost Host);

static class ArrayCompareCatalog
{
    /// <summary>Beyond these, comparing one after the other is not worth its memory.</summary>
    const int MaxComparisons = 16;

    /// <summary>Null: PostgreSQL evaluates it.</summary>
    internal static Expression? Find(ArrayCompareSite site)
    {
        if (site.Array is not Constant { IsNull: false } constant || !site.Flags.HasFlag(CallFlags.Strict)
            || !ArrayConstant.TryRead(constant.Value, site.Element, site.Alignment, out ArrayConstant array) || array.Values.Length == 0)
        {
            return null;
        }

        return Set(site, array) ?? Comparisons(site, array);
    }

    static Expression? Set(ArrayCompareSite site, ArrayConstant array)
    {
        Relation relation = ComparisonCatalog.Find(site.Function, out Views views);
        Relation textRelation = BytesCatalog.Find(site.Function, site.Collation, site.Flags, out BytesKind kind);
        Relation wanted = site.IsAny ? Relation.Equal : Relation.NotEqual;
        if (relation == wanted)
        {
            return views switch
            {
                Views.Signed => Lanes<SignedView>(site, array),
                Views.Float8 => Lanes<Float8View>(site, array),
                Views.Float4 => Lanes<Float4View>(site, array),
                Views.Oid => Lanes<OidView>(site, array),
                Views.Char => Lanes<CharView>(site, array),
                _ => null,
            };
        }

        if (textRelation != wanted)
        {
            return null;
        }

        return kind switch
        {
            BytesKind.Varlena => Strings<VarlenaBytes>(site, array),
            BytesKind.BlankPadded => Strings<BlankPaddedBytes>(site, array),
            _ => Strings<UuidBytes>(site, array),
        };
    }

    static Membership<ViewSet<TView>> Lanes<TView>(ArrayCompareSite site, ArrayConstant array)
        where TView : struct, ILaneView
    {
        var values = new List<long>();
        for (int i = 0; i < array.Values.Length; i++)
        {
            if (!array.Nulls[i])
            {
                values.Add(TView.Of(array.Values[i]));
            }
        }

        var set = new ViewSet<TView>(new LaneSet(values.ToArray(), site.Host));
        return new Membership<ViewSet<TView>>(site.Type, set, !site.IsAny, Array.Exists(array.Nulls, n => n), site.Value, site.Host);
    }

    static Membership<BytesSet<TBytes>> Strings<TBytes>(ArrayCompareSite site, ArrayConstant array)
        where TBytes : struct, IBytes
    {
        var set = new BytesSet<TBytes>(array, site.Host);
        return new Membership<BytesSet<TBytes>>(site.Type, set, !site.IsAny, Array.Exists(array.Nulls, n => n), site.Value, site.Host);
    }

    /// <summary>ANY is OR over the elements, ALL is AND, in nulls too.</summary>
    static EachElement? Comparisons(ArrayCompareSite site, ArrayConstant array)
    {
        if (array.Values.Length > MaxComparisons)
        {
            return null;
        }

        var given = new Given(site.Value.Type);
        var comparisons = new Expression[array.Values.Length];
        for (int i = 0; i < comparisons.Length; i++)
        {
            var element = new Constant(site.Element, array.Nulls[i], array.Values[i], site.Host);
            var call = new CallSite(site.Type, site.Function, site.Collation, site.Flags, [given, element], site.Id, site.Host);
            if (KernelCatalog.Find(call) is not { } kernel)
            {
                return null;
            }

            comparisons[i] = kernel;
        }

        Junction junction = site.IsAny ? new Or(site.Type, comparisons, site.Host) : new And(site.Type, comparisons, site.Host);
        return new EachElement(site.Type, given, junction, site.Value);
    }
}

/// <summary>Comparisons of one value, which is evaluated once.</summary>
sealed unsafe class EachElement(ValueType type, Given given, Junction junction, Expression value) : Kernel(type, value)
{
    public override Vector Evaluate(Batch batch, Rows rows)
    {
        given.Be(Arguments[0].Evaluate(batch, rows));
        return junction.Evaluate(batch, rows);
    }

    public override int Filter(Batch batch, Rows rows, ushort* selected)
    {
        given.Be(Arguments[0].Evaluate(batch, rows));
        return junction.Filter(batch, rows, selected);
    }
}
